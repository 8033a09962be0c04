// Batch statistics against Double: images that join, slots that join, means far from zero.
// A variance made as the difference of two sums would be wrong by 7 % at a mean of 1,400 deviations.
import PTrainKernelTypes
import Testing

/// Activations of several images around a mean.
struct MomentsCase: CustomTestStringConvertible, Sendable {
  var images: Int
  var height: Int
  var width: Int
  var ratio: Float
  /// Of the variance, relative.
  var bound: Double

  var testDescription: String { "\(images) of \(height)x\(width), mean \(ratio) deviations" }
  var shape: ActivationShape { ActivationShape(blocks: 2, height: height, width: width, window: 1) }

  static let all: [MomentsCase] = [
    .init(images: 1, height: 1, width: 1, ratio: 3, bound: 0),
    .init(images: 5, height: 1, width: 1, ratio: 0, bound: 1e-6),
    .init(images: 3, height: 7, width: 9, ratio: 1, bound: 1e-6),
    .init(images: 8, height: 28, width: 28, ratio: 22, bound: 3e-6),
    .init(images: 8, height: 28, width: 28, ratio: 1400, bound: 1e-3),
    .init(images: 2, height: 100, width: 100, ratio: 1400, bound: 1e-3),
  ]

  /// Each image `[2, height, width, 16]`, deviation about 0.58 around `ratio` times that.
  var values: [Floats] {
    (0..<images).map { image in
      let values = Floats(random: shape.count, seed: UInt64(image) + 1)
      for i in 0..<values.count { values[i] += ratio * 0.58 * (1 + Float(i % 16) / 64) }
      return values
    }
  }

  /// Means and variances by channel, in Double.
  func exact(_ values: [Floats]) -> (means: [Double], variances: [Double]) {
    let channels = (0..<32).map { channel in
      values.flatMap { image in
        (0..<height * width).map { pixel in
          Double(image[(channel / 16 * height * width + pixel) * 16 + channel % 16])
        }
      }
    }
    let means = channels.map { $0.reduce(0, +) / Double($0.count) }
    let variances = zip(channels, means).map { values, mean in
      values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    }
    return (means, variances)
  }
}

private func expect(
  _ moments: Floats, _ c: MomentsCase, _ exact: (means: [Double], variances: [Double]),
  _ kernels: any KernelSet
) {
  let count = Double(moments[0])
  #expect(count == Double(c.images * c.height * c.width))
  for channel in 0..<32 {
    let place = BatchMoments.mean(of: channel)
    let (mean, variance) = (exact.means[channel], exact.variances[channel])
    let scale = abs(mean) + variance.squareRoot()
    #expect(abs(Double(moments[place]) - mean) <= 2e-7 * scale, "\(kernels.instructionSet)")
    let found = Double(moments[place + 16]) / count
    #expect(abs(found - variance) <= c.bound * variance, "\(kernels.instructionSet)")
  }
}

@Test(arguments: MomentsCase.all)
func imagesJoin(_ c: MomentsCase) {
  let zeros = Floats(32)
  let constants = ChannelConstants(
    bias: nil, scale: zeros.read, shift: zeros.read, mean: zeros.read, reluBefore: false,
    after: .identity)
  for kernels in variants {
    let moments = Floats(BatchMoments.count(blocks: 2))
    for image in c.values {
      kernels.activate(c.shape, constants, z: image.pointer, moments: moments.pointer)
    }
    expect(moments, c, c.exact(c.values), kernels)
  }
}

/// Any number of slots, and the same bits as joining them two by two.
@Test(arguments: [1, 2, 3, 7, 8, 9, 32, 33, 200, 1025])
func slotsJoin(count: Int) {
  let c = MomentsCase(images: count, height: 3, width: 5, ratio: 1400, bound: 1e-3)
  let zeros = Floats(32)
  let constants = ChannelConstants(
    bias: nil, scale: zeros.read, shift: zeros.read, mean: zeros.read, reluBefore: false,
    after: .identity)
  let width = BatchMoments.count(blocks: 2)
  for kernels in variants {
    let slots = Floats(count * width)
    for (index, image) in c.values.enumerated() {
      kernels.activate(
        c.shape, constants, z: image.pointer, moments: slots.pointer + index * width)
    }
    let result = Floats(width, fill: .nan)
    kernels.momentTree(
      slots: slots.read, stride: width, slotCount: count, blocks: 2, result: result.pointer)
    expect(result, c, c.exact(c.values), kernels)

    var level = (0..<count).map { Array(slots.values[$0 * width..<($0 + 1) * width]) }
    while level.count > 1 {
      level = stride(from: 0, to: level.count, by: 2).map { left in
        guard left + 1 < level.count else { return level[left] }
        let pair = Floats(level[left] + level[left + 1])
        let joined = Floats(width)
        kernels.momentTree(
          slots: pair.read, stride: width, slotCount: 2, blocks: 2, result: joined.pointer)
        return joined.values
      }
    }
    #expect(result.values == level[0], "\(kernels.instructionSet)")
  }
}
