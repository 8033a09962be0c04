// Channels of one map at their places in another, side by side with those of other branches.
// Where the first is a multiple of 16, whole vectors move; elsewhere each block spans two.
import PTrainKernelTypes

enum ChannelCopies {
  static func insert(
    channels: Int, pixels: Int, x: FloatPointer, offset: Int, z: MutableFloatPointer
  ) {
    forEachBlock(channels, pixels, offset) { block in
      let (source, target) = (x + block.alone, z + block.joined)
      if block.isWhole {
        copyBlock(source, target, block.plane)
      } else {
        copyRuns(source, target + block.shift, block.plane, block.here)
        copyRuns(source + block.here, target + block.plane, block.plane, block.count - block.here)
      }
    }
  }

  static func extract(
    channels: Int, pixels: Int, z: FloatPointer, offset: Int, x: MutableFloatPointer
  ) {
    forEachBlock(channels, pixels, offset) { block in
      let (source, target) = (z + block.joined, x + block.alone)
      if block.isWhole {
        copyBlock(source, target, block.plane)
      } else {
        if block.count < lanes { clear(target, block.plane) }
        copyRuns(source + block.shift, target, block.plane, block.here)
        copyRuns(source + block.plane, target + block.here, block.plane, block.count - block.here)
      }
    }
  }

  /// Up to 16 channels that are a block of their own map, and lie in one or two blocks of the other.
  private struct Block {
    /// Floats of a block of either map.
    let plane: Int
    /// Where the block begins: in the map of these channels alone, and in that of all.
    let alone: Int
    let joined: Int
    /// Lane of the first channel in the map of all.
    let shift: Int
    let count: Int

    /// Channels that are in the first of the two blocks.
    @inline(__always) var here: Int { min(count, lanes - shift) }
    @inline(__always) var isWhole: Bool { shift == 0 && count == lanes }
  }

  @inline(__always) private static func forEachBlock(
    _ channels: Int, _ pixels: Int, _ offset: Int, _ body: (Block) -> Void
  ) {
    let plane = pixels * lanes
    var channel = 0
    while channel < channels {
      body(
        Block(
          plane: plane, alone: channel / lanes * plane,
          joined: (offset + channel) / lanes * plane, shift: offset % lanes,
          count: min(lanes, channels - channel)))
      channel += lanes
    }
  }

  @inline(never) private static func copyBlock(
    _ source: FloatPointer, _ target: MutableFloatPointer, _ count: Int
  ) {
    var i = 0
    while i < count {
      store(target + i, load(source + i))
      i += lanes
    }
  }

  /// `run` lanes of each vector of a plane, from any lane to any lane.
  @inline(never) private static func copyRuns(
    _ source: FloatPointer, _ target: MutableFloatPointer, _ plane: Int, _ run: Int
  ) {
    var i = 0
    while i < plane {
      var lane = 0
      while lane < run {
        target[i + lane] = source[i + lane]
        lane += 1
      }
      i += lanes
    }
  }
}
