// A sum's second value, as its reader sees it: BN and activation on the way, in one pass.
import PTrainKernelTypes

enum ViewSum {
  static func run(
    _ shape: ActivationShape, _ constants: ChannelConstants, s: FloatPointer,
    x: MutableFloatPointer
  ) {
    let pixels = shape.pooledHeight * shape.pooledWidth
    let next = Upcoming(start: s + shape.pooledCount, count: shape.pooledCount)
    var block = 0
    while block < shape.blocks {
      next.fetch(part: block, of: shape.blocks)
      let offset = block * pixels * lanes
      viewRow(
        constants.after, AffineMap(constants, block), s + offset, SummedRow(x: x + offset), pixels)
      block += 1
    }
  }
}
