// Convolutions of every variant against plain loops in Double.
// Sizes sit around the register tiles: one less, equal, one more, and odd ones.
import KernelTypes
import Testing

/// One convolution with its reference in `[channel, y, x]` order.
struct ConvolutionCase: CustomTestStringConvertible, Sendable {
  var geometry: ConvGeometry
  var images: Int

  init(
    _ input: Int, _ output: Int, _ height: Int, _ width: Int, kernel: Int = 3, stride: Int = 1,
    padding: Int = 1, images: Int = 1
  ) {
    geometry = ConvGeometry(
      inputChannels: input, outputChannels: output, inputHeight: height, inputWidth: width,
      kernel: kernel, stride: stride, padding: padding)
    self.images = images
  }

  var testDescription: String {
    let g = geometry
    return "\(g.inputChannels)->\(g.outputChannels) \(g.inputHeight)x\(g.inputWidth)"
      + " k\(g.kernel) s\(g.stride) p\(g.padding) n\(images)"
  }

  static let all: [ConvolutionCase] = [
    .init(1, 16, 5, 5), .init(1, 64, 28, 28), .init(1, 20, 6, 50, images: 2), .init(1, 16, 4, 34),
    .init(1, 7, 9, 13, images: 3),
    .init(1, 20, 11, 15, kernel: 5, padding: 2), .init(1, 33, 8, 8, stride: 2),
    .init(1, 12, 6, 7, kernel: 1, padding: 0), .init(2, 3, 4, 5), .init(3, 16, 13, 14),
    .init(16, 16, 14, 13), .init(16, 16, 28, 28, images: 2), .init(16, 16, 14, 14, images: 3),
    .init(16, 32, 7, 7, images: 5), .init(32, 32, 7, 7, images: 8), .init(17, 31, 7, 15),
    .init(40, 33, 6, 29), .init(64, 32, 14, 14, images: 4), .init(15, 48, 3, 27),
    .init(40, 10, 1, 8, kernel: 1, padding: 0), .init(32, 12, 1, 5, kernel: 1, padding: 0),
    .init(12, 10, 1, 16, kernel: 1, padding: 0), .init(20, 20, 9, 9, kernel: 5, padding: 2),
    .init(16, 24, 9, 10, stride: 2), .init(33, 16, 10, 9, kernel: 5, stride: 2, padding: 2),
    .init(16, 16, 8, 8, kernel: 1, stride: 2, padding: 0), .init(18, 17, 6, 6, padding: 0),
    .init(16, 16, 1, 1), .init(16, 32, 2, 2), .init(16, 16, 3, 5), .init(24, 40, 12, 10, images: 2),
    .init(32, 48, 17, 6), .init(16, 32, 8, 11, padding: 2), .init(48, 16, 5, 16),
  ]
}

/// Operands of a case and the results of plain loops.
struct ConvolutionReference {
  let geometry: ConvGeometry
  let images: Int
  let weights: Floats
  /// Per image `[in, height, width]`, and the gradient `[out, outputHeight, outputWidth]`.
  let inputs: [[Float]]
  let gradients: [[Float]]

  init(_ c: ConvolutionCase) {
    geometry = c.geometry
    images = c.images
    let g = c.geometry
    weights = Floats(
      random: g.outputChannels * g.inputChannels * g.kernel * g.kernel, seed: 7)
    inputs = (0..<c.images).map {
      Floats(random: g.inputChannels * g.inputPixels, seed: 100 + UInt64($0)).values
    }
    gradients = (0..<c.images).map {
      Floats(random: g.outputChannels * g.outputPixels, seed: 200 + UInt64($0)).values
    }
  }

  /// Calls `body(output, outputPixel, input, inputPixel, weight)` for every product of a convolution.
  func forEachProduct(_ body: (Int, Int, Int, Int, Int) -> Void) {
    let g = geometry
    for o in 0..<g.outputChannels {
      for y in 0..<g.outputHeight {
        for x in 0..<g.outputWidth {
          forEachTap(y, x) { pixel, ky, kx in
            for i in 0..<g.inputChannels {
              let weight = ((o * g.inputChannels + i) * g.kernel + ky) * g.kernel + kx
              body(o, y * g.outputWidth + x, i, pixel, weight)
            }
          }
        }
      }
    }
  }

  private func forEachTap(_ y: Int, _ x: Int, _ body: (Int, Int, Int) -> Void) {
    let g = geometry
    for ky in 0..<g.kernel {
      for kx in 0..<g.kernel {
        let iy = y * g.stride + ky - g.padding
        let ix = x * g.stride + kx - g.padding
        if (0..<g.inputHeight).contains(iy) && (0..<g.inputWidth).contains(ix) {
          body(iy * g.inputWidth + ix, ky, kx)
        }
      }
    }
  }

  /// Outputs, input gradients (each image after image) and the weight gradient of all images.
  func compute() -> (z: [Double], dx: [Double], dw: [Double]) {
    let g = geometry
    var z: [Double] = []
    var dx: [Double] = []
    var dw = [Double](repeating: 0, count: weights.count)
    for image in 0..<images {
      var out = [Double](repeating: 0, count: g.outputChannels * g.outputPixels)
      var back = [Double](repeating: 0, count: g.inputChannels * g.inputPixels)
      forEachProduct { o, outPixel, i, inPixel, weight in
        let w = Double(weights[weight])
        let x = Double(inputs[image][i * g.inputPixels + inPixel])
        let d = Double(gradients[image][o * g.outputPixels + outPixel])
        out[o * g.outputPixels + outPixel] += w * x
        back[i * g.inputPixels + inPixel] += w * d
        dw[weight] += x * d
      }
      z += out
      dx += back
    }
    return (z, dx, dw)
  }

  /// All images' `x` in the kernels' layout.
  func blockedInput() -> Floats {
    let g = geometry
    let x = Floats(images * g.inputCount)
    for image in 0..<images {
      for i in 0..<g.inputChannels {
        for pixel in 0..<g.inputPixels {
          let place =
            (pixel / g.inputWidth + g.padding) * g.paddedWidth + pixel % g.inputWidth + g.padding
          let index =
            g.isPlane
            ? place : blockedIndex(i, place, pixels: g.paddedHeight * g.paddedWidth)
          x[image * g.inputCount + index] = inputs[image][i * g.inputPixels + pixel]
        }
      }
    }
    return x
  }

  /// All images' `dz` in the kernels' layout.
  func blockedGradient() -> Floats {
    let g = geometry
    let dz = Floats(images * g.outputGradientCount)
    for image in 0..<images {
      for o in 0..<g.outputChannels {
        for pixel in 0..<g.outputPixels {
          let y = g.gradientOrigin + pixel / g.outputWidth * g.stride
          let x = g.gradientOrigin + pixel % g.outputWidth * g.stride
          let index = blockedIndex(
            o, y * g.gradientWidth + x, pixels: g.gradientHeight * g.gradientWidth)
          dz[image * g.outputGradientCount + index] = gradients[image][o * g.outputPixels + pixel]
        }
      }
    }
    return dz
  }

  /// Packed weights, activations and scratch of one variant.
  func run(_ kernels: any KernelSet) -> (z: [Float], dx: [Float], dw: [Float]) {
    let g = geometry
    let sizes = kernels.convStorage(g)
    let forward = Floats(sizes.forwardWeights, fill: .nan)
    let backward = Floats(sizes.backwardWeights, fill: .nan)
    for tile in g.weightTiles {
      kernels.convPackWeights(
        g, tile, weights: weights.read, forward: forward.pointer,
        backward: g.isPlane ? nil : backward.pointer)
    }
    let x = blockedInput()
    let dz = blockedGradient()
    let scratch = Floats(sizes.scratch, fill: .nan)
    let z = Floats(images * g.outputCount, fill: .nan)
    let dx = Floats(images * g.inputGradientCount, fill: .nan)
    let accumulator = Floats(sizes.accumulator)
    var image = 0
    while image < images {
      let count = min(sizes.imageGroup, images - image)
      kernels.convForward(
        g, imageCount: count, x: x.read + image * g.inputCount, weights: forward.read,
        z: z.pointer + image * g.outputCount, scratch: scratch.pointer)
      kernels.convBackward(
        g, imageCount: count, x: x.read + image * g.inputCount,
        dz: dz.read + image * g.outputGradientCount,
        weights: g.isPlane ? nil : backward.read, accumulator: accumulator.pointer,
        dx: g.isPlane ? nil : dx.pointer + image * g.inputGradientCount,
        scratch: scratch.pointer)
      image += count
    }
    let packed = Floats(sizes.weightGradient, fill: .nan)
    kernels.convFinishWeightGradient(
      g, accumulator: accumulator.pointer, weightGradient: packed.pointer)
    let dw = Floats(weights.count)
    for tile in g.weightTiles {
      kernels.convUnpackWeightGradient(
        g, tile, weightGradient: packed.read, result: dw.pointer)
    }
    return (
      plain(z, g.outputChannels, g.outputBlocks, g.outputPixels),
      g.isPlane ? [] : plain(dx, g.inputChannels, g.inputBlocks, g.inputPixels), dw.values
    )
  }

  /// Real channels as `[channel, pixel]` per image; padded lanes must be zero.
  private func plain(_ blocked: Floats, _ channels: Int, _ blocks: Int, _ pixels: Int) -> [Float] {
    var result: [Float] = []
    for image in 0..<images {
      for channel in 0..<blocks * 16 {
        for pixel in 0..<pixels {
          let index = image * blocks * pixels * 16 + blockedIndex(channel, pixel, pixels: pixels)
          if channel < channels {
            result.append(blocked[index])
          } else if blocked[index] != 0 {
            Issue.record("lane of padded channel \(channel) is \(blocked[index])")
            return []
          }
        }
      }
    }
    return result
  }
}

@Test(arguments: ConvolutionCase.all)
func convolutionMatchesPlainLoops(_ c: ConvolutionCase) {
  let reference = ConvolutionReference(c)
  let expected = reference.compute()
  // Winograd at the points ±2 loses about three bits against a direct sum.
  let tolerance = 1e-5
  check("forward", tolerance: tolerance, expected: expected.z) { reference.run($0).z }
  if !c.geometry.isPlane {
    check("input gradient", tolerance: tolerance, expected: expected.dx) { reference.run($0).dx }
  }
  check("weight gradient", tolerance: tolerance, expected: expected.dw) { reference.run($0).dw }
}

@Test(arguments: ConvolutionCase.all)
func storageIsTheSameOnEveryInstructionSet(_ c: ConvolutionCase) {
  let sizes = variants.map { $0.convStorage(c.geometry) }
  for size in sizes {
    #expect(size == sizes[0])
    #expect(size.imageGroup >= 1)
  }
}

@Test(arguments: ConvolutionCase.all.filter { $0.images > 1 })
func outputsDoNotDependOnNeighbours(_ c: ConvolutionCase) {
  var single = c
  single.images = 1
  for kernels in variants {
    let together = ConvolutionReference(c).run(kernels)
    let alone = ConvolutionReference(single).run(kernels)
    let name = kernels.instructionSet.rawValue
    #expect(Array(together.z.prefix(alone.z.count)) == alone.z, "z on \(name)")
    #expect(Array(together.dx.prefix(alone.dx.count)) == alone.dx, "dx on \(name)")
  }
}
