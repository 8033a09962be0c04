// The first layer that is made where it is read, and the image's moments, against loops in Double.
// Channels beyond a block, widths around a chunk of windows, every padding of a consumer.
import PTrainKernelTypes
import Testing

struct AffineStageCase: CustomTestStringConvertible, Sendable {
  var channels: Int
  var height: Int
  var width: Int
  var padding = 1

  var testDescription: String { "1->\(channels) \(height)x\(width) padding \(padding)" }

  static let all: [AffineStageCase] = [
    .init(channels: 16, height: 28, width: 28), .init(channels: 7, height: 2, width: 16),
    .init(channels: 33, height: 4, width: 32, padding: 0),
    .init(channels: 16, height: 6, width: 30, padding: 2),
    .init(channels: 20, height: 64, width: 50),
  ]

  var geometry: ConvGeometry {
    ConvGeometry(
      inputChannels: 1, outputChannels: channels, inputHeight: height, inputWidth: width,
      kernel: 3, stride: 1, padding: 1)
  }
  var blocks: Int { channelBlocks(channels) }
  var pixels: Int { height * width }
}

private struct AffineReference {
  let c: AffineStageCase
  let weights: Floats
  let image: Floats
  let plane: Floats
  let scale: Floats
  let shift: Floats
  let dy: Floats

  init(_ c: AffineStageCase) {
    self.c = c
    weights = Floats(random: c.channels * 9, seed: 1)
    image = Floats(random: c.pixels, seed: 2)
    plane = Floats(c.geometry.inputCount, fill: .nan)
    for y in 0..<c.height + 2 {
      for x in 0..<c.width + 2 { plane[y * (c.width + 2) + x] = 0 }
    }
    for i in 0..<c.pixels { plane[(i / c.width + 1) * (c.width + 2) + i % c.width + 1] = image[i] }
    scale = Floats(random: c.blocks * 16, seed: 3)
    shift = Floats(random: c.blocks * 16, seed: 4)
    for lane in c.channels..<max(c.blocks * 16, c.channels) {
      scale[lane] = 0
      shift[lane] = 0
    }
    dy = Floats(random: c.blocks * c.pixels * 16, seed: 5)
  }

  var constants: ChannelConstants {
    ChannelConstants(
      bias: nil, scale: scale.read, shift: shift.read, mean: shift.read, reluBefore: false,
      after: .relu)
  }

  /// Pixel of the image, zero outside.
  func pixel(_ y: Int, _ x: Int) -> Double {
    y >= 0 && y < c.height && x >= 0 && x < c.width ? Double(image[y * c.width + x]) : 0
  }

  func output(_ channel: Int, _ y: Int, _ x: Int) -> Double {
    guard channel < c.channels else { return 0 }
    let z = (0..<9).reduce(0.0) {
      $0 + Double(weights[channel * 9 + $1]) * pixel(y + $1 / 3 - 1, x + $1 % 3 - 1)
    }
    return max(0, Double(scale[channel]) * z + Double(shift[channel]))
  }

  /// `[blocks, height + 2p, width + 2p, 16]`
  var outputs: [Double] {
    let (height, width) = (c.height + 2 * c.padding, c.width + 2 * c.padding)
    return (0..<c.blocks * height * width * 16).map { i in
      let pixel = i / 16 % (height * width)
      let (y, x) = (pixel / width - c.padding, pixel % width - c.padding)
      guard y >= 0 && y < c.height && x >= 0 && x < c.width else { return 0 }
      return output(i / 16 / (height * width) * 16 + i % 16, y, x)
    }
  }

  /// The group of lags that begin at the given pixels.
  func group(_ pixels: [(y: Int, x: Int)], _ second: (Int, Int, Int) -> Double) -> [Double] {
    (-2...2).map { lag in pixels.reduce(0.0) { $0 + pixel($1.y, $1.x) * second($1.y, $1.x, lag) } }
      + [pixels.reduce(0.0) { $0 + pixel($1.y, $1.x) }]
  }

  var moments: [Double] {
    let rows = 0..<c.height
    let columns = 0..<c.width
    var result: [Double] = []
    for dy in 0..<3 {
      // The plain sum counts for neighbouring rows alone.
      let all = (0..<max(0, c.height - dy)).flatMap { y in columns.map { (y: y, x: $0) } }
      result += group(all) { pixel($0 + dy, $1 + $2) }
    }
    for y in [0, c.height - 1] { result += group(columns.map { (y, $0) }) { pixel($0, $1 + $2) } }
    for x in [0, c.width - 1] { result += group(rows.map { ($0, x) }) { pixel($0 + $2, $1) } }
    let corners = [0, c.height - 1].flatMap { y in [0, c.width - 1].map { pixel(y, $0) } }
    return result + corners + corners.map { $0 * $0 } + [1]
  }

  /// `[channels, 9]` and `[blocks * 16]`: sums over pixels where the output is positive.
  var gradients: (weights: [Double], sums: [Double]) {
    var products = [Double](repeating: 0, count: c.channels * 9)
    var sums = [Double](repeating: 0, count: c.blocks * 16)
    for channel in 0..<c.channels {
      for place in 0..<c.pixels where output(channel, place / c.width, place % c.width) > 0 {
        let value = Double(dy[blockedIndex(channel, place, pixels: c.pixels)])
        sums[channel] += value
        for tap in 0..<9 {
          products[channel * 9 + tap] +=
            value * pixel(place / c.width + tap / 3 - 1, place % c.width + tap % 3 - 1)
        }
      }
    }
    return (products, sums)
  }
}

@Test(arguments: AffineStageCase.all)
func affineStageAgreesWithLoops(_ c: AffineStageCase) {
  let r = AffineReference(c)
  for kernels in variants { #expect(kernels.fusesAffineStage(c.geometry)) }
  let (outputs, gradients) = (r.outputs, r.gradients)
  check(
    "affine stage", tolerance: 1e-5,
    expected: ["outputs": outputs, "weights": gradients.weights, "sums": gradients.sums]
  ) { kernels in
    let sizes = kernels.convStorage(c.geometry)
    let packed = Floats(sizes.forwardWeights, fill: .nan)
    for tile in c.geometry.weightTiles {
      kernels.convPackWeights(
        c.geometry, tile, weights: r.weights.read, forward: packed.pointer, backward: nil)
    }
    let scratch = Floats(sizes.scratch, fill: .nan)
    let y = Floats(outputs.count, fill: .nan)
    kernels.affineStageForward(
      c.geometry, r.constants, x: r.plane.read, weights: packed.read, padding: c.padding,
      y: y.pointer, scratch: scratch.pointer)
    let gradient = Floats(sizes.weightGradient)
    let sums = Floats(c.blocks * 16)
    kernels.affineStageBackward(
      c.geometry, x: r.plane.read, padding: c.padding, y: y.read, dy: r.dy.read,
      weightGradient: gradient.pointer, sums: sums.pointer, scratch: scratch.pointer)
    let dw = Floats(c.channels * 9)
    for tile in c.geometry.weightTiles {
      kernels.convUnpackWeightGradient(
        c.geometry, tile, weightGradient: gradient.read, result: dw.pointer)
    }
    return [y.values, dw.values, sums.values]
  }
}

@Test(arguments: AffineStageCase.all)
func imageMomentsAgreeWithLoops(_ c: AffineStageCase) {
  let r = AffineReference(c)
  let expected = r.moments
  // The plain sums of rows 1 and 2 apart have no meaning.
  let unused = [1, 2].map { $0 * ImageMoments.group + ImageMoments.total }
  let meaningful = expected.indices.filter { !unused.contains($0) }
  check("moments", tolerance: 1e-6, expected: meaningful.map { expected[$0] + 0.5 }) { kernels in
    let sums = Floats(ImageMoments.count, fill: 0.5)
    let scratch = Floats(kernels.convStorage(c.geometry).scratch, fill: .nan)
    kernels.imageMoments(
      c.geometry, x: r.plane.read, sums: sums.pointer, scratch: scratch.pointer)
    return meaningful.map { sums[$0] }
  }
}
