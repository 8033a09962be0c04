// Work that changes how a value lies: the image as a map in blocks, maps as vectors, vectors as maps.

import PTrainKernelTypes

extension Executor {
  // MARK: The image as a map

  func forwardImage(
    _ state: StageState, _ places: Range<Int>, _ task: ShardTask, z: MutableFloatPointer
  ) {
    let channels = state.stage.value.channels
    for (image, place) in places.enumerated() {
      loadImage(place, task, padding: Edges(0), to: task.scratch.x)
      let target = z + image * state.activationCount
      for pixel in 0..<state.stage.value.pixels {
        for channel in 0..<channels {
          target[pixel * channelLanes + channel] = task.scratch.x[pixel * channels + channel]
        }
      }
    }
  }

  // MARK: Maps and vectors

  /// Features of a map go channel by channel, as PyTorch flattens it.
  func forwardRelayout(
    _ state: StageState, _ places: Range<Int>, _ task: ShardTask, z: MutableFloatPointer
  ) {
    let source = source(of: state.stage)
    read(source, places, task, to: task.scratch.x)
    move(state, source, places) { map, rows in
      z[rows] = task.scratch.x[map]
    } vectors: { map, rows in
      z[map] = task.scratch.x[rows]
    }
  }

  func backwardRelayout(_ state: StageState, _ places: Range<Int>, _ task: ShardTask) {
    let read = reads[state.stage.reads.lowerBound]
    let source = states[read.source]
    let dz = outputGradient(state, places, task)
    let count = places.count * source.pooledCount
    task.scratch.dx.update(repeating: 0, count: count)
    move(state, source, places) { map, rows in
      task.scratch.dx[map] = dz[rows]
    } vectors: { map, rows in
      task.scratch.dx[rows] = dz[map]
    }
    returnGradient(read, places, task, dx: task.scratch.dx)
  }

  /// Calls `toRows` (a map becomes vectors) or `vectors` (the other way) with the place of every element
  /// in the shard's maps and in its rows.
  @inline(__always)
  private func move(
    _ state: StageState, _ source: StageState, _ places: Range<Int>,
    toRows: (_ map: Int, _ rows: Int) -> Void, vectors: (_ map: Int, _ rows: Int) -> Void
  ) {
    let isToRows = state.stage.value.isVector
    let map = isToRows ? source : state
    let pixels = map.stage.value.pooledPixels
    for row in 0..<places.count {
      for channel in 0..<map.stage.value.channels {
        let (block, lane) = channel.quotientAndRemainder(dividingBy: channelLanes)
        for pixel in 0..<pixels {
          let (featureBlock, featureLane) = (channel * pixels + pixel).quotientAndRemainder(
            dividingBy: channelLanes)
          let inMap = row * map.pooledCount + (block * pixels + pixel) * channelLanes + lane
          let inRows = (featureBlock * places.count + row) * channelLanes + featureLane
          if isToRows { toRows(inMap, inRows) } else { vectors(inMap, inRows) }
        }
      }
    }
  }
}
