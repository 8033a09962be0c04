// A NaN in an operand of a convolution: all that is made of it shows it, and no channel or image that
// is not. Fast convolutions work on tiles, so neighbours of an output that reads it may show it too.
import PTrainKernelTypes
import Testing

/// Every kind: one plane, fast, direct, strided, dense. Whole blocks: zeros of padded lanes times a NaN
/// are none.
private let kinds: [ConvolutionCase] = [
  .init(1, 32, 6, 18, images: 2), .init(16, 32, 8, 10, images: 2),
  .init(16, 16, 7, 9, kernel: 5, padding: 2, images: 2),
  .init(16, 32, 9, 10, stride: 2, images: 2), .init(48, 16, 1, 8, kernel: 1, padding: 0),
]

/// Whether `found` has a NaN wherever `needed`, and a number wherever not `allowed`.
private func expectNaNs(
  _ found: [Float], _ name: String, needed: (Int) -> Bool, allowed: (Int) -> Bool
) {
  let places = found.indices.filter(needed)
  let far = found.indices.filter { !allowed($0) }
  #expect(!places.isEmpty, "\(name): nothing to see")
  #expect(places.allSatisfy { found[$0].isNaN }, "\(name): lost")
  #expect(far.allSatisfy { !found[$0].isNaN }, "\(name): spread")
}

@Test(arguments: kinds)
func aWeightReachesItsChannelsAlone(_ c: ConvolutionCase) {
  let reference = ConvolutionReference(c)
  let g = c.geometry
  // The middle tap from the last input to output 2.
  let (output, input) = (2, g.inputChannels - 1)
  let taps = g.taps
  reference.weights[(output * g.inputChannels + input) * taps + taps / 2] = .nan
  for kernels in variants {
    let found = reference.run(kernels)
    let name = kernels.instructionSet.rawValue
    expectNaNs(
      found.z, "z on \(name)", needed: { $0 / g.outputPixels % g.outputChannels == output },
      allowed: { $0 / g.outputPixels % g.outputChannels == output })
    if !g.isPlane {
      let read = Set(
        (0..<g.outputHeight).flatMap { y in
          (0..<g.outputWidth).map { (y * g.inputWidth + $0) * g.verticalStride }
        })
      expectNaNs(
        found.dx, "dx on \(name)",
        needed: {
          $0 / g.inputPixels % g.inputChannels == input && read.contains($0 % g.inputPixels)
        },
        allowed: { $0 / g.inputPixels % g.inputChannels == input })
    }
    #expect(found.dw.allSatisfy { !$0.isNaN }, "dw on \(name)")
  }
}

@Test(arguments: kinds)
func aPixelReachesItsImageAlone(_ c: ConvolutionCase) {
  let g = c.geometry
  var reference = ConvolutionReference(c)
  let (channel, pixel) = (
    g.inputChannels - 1, g.inputWidth * (g.inputHeight / 2) + 2 * g.verticalStride
  )
  reference.inputs[0][channel * g.inputPixels + pixel] = .nan
  var readers: Set<Int> = []
  var products: Set<Int> = []
  reference.forEachProduct { o, outPixel, i, inPixel, weight in
    guard i == channel, inPixel == pixel else { return }
    readers.insert(o * g.outputPixels + outPixel)
    products.insert(weight)
  }
  for kernels in variants {
    let found = reference.run(kernels)
    let name = kernels.instructionSet.rawValue
    expectNaNs(
      found.z, "z on \(name)", needed: readers.contains,
      allowed: { $0 < g.outputChannels * g.outputPixels })
    let taps = g.taps
    expectNaNs(
      found.dw, "dw on \(name)", needed: products.contains,
      allowed: { $0 / taps % g.inputChannels == channel })
    #expect(found.dx.allSatisfy { !$0.isNaN }, "dx on \(name)")
  }
}

@Test(arguments: kinds)
func aGradientReachesItsChannelAndImageAlone(_ c: ConvolutionCase) {
  let g = c.geometry
  var reference = ConvolutionReference(c)
  let (channel, pixel) = (3, g.outputWidth * (g.outputHeight / 2) + 2)
  reference.gradients[0][channel * g.outputPixels + pixel] = .nan
  var readers: Set<Int> = []
  var products: Set<Int> = []
  reference.forEachProduct { o, outPixel, i, inPixel, weight in
    guard o == channel, outPixel == pixel else { return }
    readers.insert(i * g.inputPixels + inPixel)
    products.insert(weight)
  }
  for kernels in variants {
    let found = reference.run(kernels)
    let name = kernels.instructionSet.rawValue
    expectNaNs(
      found.dw, "dw on \(name)", needed: products.contains,
      allowed: { $0 / (g.weightRow) == channel })
    if !g.isPlane {
      expectNaNs(
        found.dx, "dx on \(name)", needed: readers.contains,
        allowed: { $0 < g.inputChannels * g.inputPixels })
    }
    #expect(found.z.allSatisfy { !$0.isNaN }, "z on \(name)")
  }
}

/// What the passes without a stored activation show of a pixel.
@Test func fusedStagesKeepANaN() {
  let g = ConvGeometry(
    inputChannels: 1, outputChannels: 16, inputHeight: 4, inputWidth: 16, kernel: 3, stride: 1,
    padding: 1)
  let shape = ActivationShape(blocks: 1, height: 4, width: 16, window: 2)
  let (weights, plane) = (Floats(random: 16 * 9, seed: 1), Floats(g.inputCount))
  for y in 0..<4 {
    for x in 0..<16 { plane[(y + 1) * 18 + x + 1] = Float(x - y) / 8 }
  }
  // Pixel (1, 4): all four outputs of windows 1 and 2 of row 0 read it, or share a tile with one.
  plane[2 * 18 + 5] = .nan
  let (one, zero) = (Floats(16, fill: 1), Floats(16))
  let constants = ChannelConstants(
    bias: nil, scale: one.read, shift: zero.read, mean: zero.read, reluBefore: false,
    after: .relu)
  for kernels in variants {
    let name = kernels.instructionSet.rawValue
    let sizes = kernels.convStorage(g)
    let (packed, scratch) = (Floats(sizes.forwardWeights), Floats(sizes.scratch))
    for tile in g.weightTiles {
      kernels.convPackWeights(
        g, tile, weights: weights.read, forward: packed.pointer, backward: nil)
    }
    let y = Floats(16 * 4 * 16)
    kernels.affineStageForward(
      g, constants, x: plane.read, weights: packed.read, padding: 0, y: y.pointer,
      scratch: scratch.pointer)
    for (row, column) in [(0, 3), (0, 4), (0, 5), (1, 3), (1, 4), (1, 5), (2, 3), (2, 4), (2, 5)] {
      let pixel = (row * 16 + column) * 16
      #expect((0..<16).allSatisfy { y[pixel + $0].isNaN }, "\(row), \(column) on \(name)")
    }
    #expect((8 * 16..<16 * 16).allSatisfy { !y[$0].isNaN }, "far pixels on \(name)")

    let (s, moments) = (Floats(shape.pooledCount), Floats(BatchMoments.count(blocks: 1)))
    kernels.firstStageForward(
      g, constants, x: plane.read, weights: packed.read, s: s.pointer, moments: moments.pointer,
      scratch: scratch.pointer)
    #expect((16..<32).contains { s[$0].isNaN }, "pooled on \(name)")
    #expect((4 * 16..<8 * 16).allSatisfy { !s[$0].isNaN }, "far windows on \(name)")
    #expect((16..<48).allSatisfy { moments[$0].isNaN }, "moments on \(name)")

    let sums = Floats(ImageMoments.count)
    kernels.imageMoments(g, x: plane.read, sums: sums.pointer, scratch: scratch.pointer)
    let center = ImageMoments.lags + ImageMoments.center
    #expect(sums[center].isNaN && sums[ImageMoments.lags + ImageMoments.total].isNaN, "\(name)")
    // No edge has the pixel.
    #expect(!sums[ImageMoments.edges + ImageMoments.total].isNaN, "\(name)")
    #expect(sums[ImageMoments.images] == 1, "\(name)")
  }
}
