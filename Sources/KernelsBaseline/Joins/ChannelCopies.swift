// Channels of one map at their places in another, side by side with those of other branches.
// Where the first is a multiple of 16, whole vectors move; elsewhere each block spans two.
import PTrainKernelTypes

enum ChannelCopies {
  static func insert(
    channels: Int, pixels: Int, x: FloatPointer, offset: Int, z: MutableFloatPointer
  ) {
    let plane = pixels * lanes
    let shift = offset % lanes
    var channel = 0
    while channel < channels {
      let source = x + channel / lanes * plane
      let target = z + (offset + channel) / lanes * plane
      let count = min(lanes, channels - channel)
      if shift == 0 && count == lanes {
        copyBlock(source, target, plane)
      } else {
        let here = min(count, lanes - shift)
        copyRuns(source, target + shift, plane, here)
        copyRuns(source + here, target + plane, plane, count - here)
      }
      channel += lanes
    }
  }

  static func extract(
    channels: Int, pixels: Int, z: FloatPointer, offset: Int, x: MutableFloatPointer
  ) {
    let plane = pixels * lanes
    let shift = offset % lanes
    var channel = 0
    while channel < channels {
      let source = z + (offset + channel) / lanes * plane
      let target = x + channel / lanes * plane
      let count = min(lanes, channels - channel)
      if shift == 0 && count == lanes {
        copyBlock(source, target, plane)
      } else {
        let here = min(count, lanes - shift)
        if count < lanes { clear(target, plane) }
        copyRuns(source + shift, target, plane, here)
        copyRuns(source + plane, target + here, plane, count - here)
      }
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
