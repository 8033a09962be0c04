// Convolutions of every variant against plain loops in Double.
// Sizes sit around the register tiles: one less, equal, one more, and odd ones.
import PTrainKernelTypes
import Testing

/// Operands of a case and the results of plain loops.
struct ConvolutionReference {
  let geometry: ConvGeometry
  let images: Int
  let weights: Floats
  /// Per image `[in, height, width]`, and the gradient `[out, outputHeight, outputWidth]`.
  var inputs: [[Float]]
  var gradients: [[Float]]

  init(_ c: ConvolutionCase) {
    geometry = c.geometry
    images = c.images
    let g = c.geometry
    weights = Floats(random: g.outputChannels * g.weightRow, seed: 7)
    inputs = (0..<c.images).map {
      Floats(
        random: g.inputChannels * g.featurePixels * g.inputPixels, seed: 100 + UInt64($0)
      ).values
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
          forEachTap(y, x) { pixel, tap in
            let size = g.inputChannels / g.groups
            let group = o / (g.outputChannels / g.groups) * size
            for i in 0..<size {
              for feature in 0..<g.featurePixels {
                let weight = (o * size + i) * g.taps + (g.featurePixels > 1 ? feature : tap)
                let input = (group + i) * g.featurePixels + feature
                body(o, y * g.outputWidth + x, input, pixel, weight)
              }
            }
          }
        }
      }
    }
  }

  private func forEachTap(_ y: Int, _ x: Int, _ body: (Int, Int) -> Void) {
    let g = geometry
    for ky in 0..<g.kernelHeight {
      for kx in 0..<g.kernelWidth {
        let iy = y * g.verticalStride + ky * g.dilation - g.padding.top
        let ix = x * g.horizontalStride + kx * g.dilation - g.padding.left
        if (0..<g.inputHeight).contains(iy) && (0..<g.inputWidth).contains(ix) {
          body(iy * g.inputWidth + ix, ky * g.kernelWidth + kx)
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
      var back = [Double](
        repeating: 0, count: g.inputChannels * g.featurePixels * g.inputPixels)
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
      for i in 0..<g.inputChannels * g.featurePixels {
        for pixel in 0..<g.inputPixels {
          let row = (pixel / g.inputWidth + g.padding.top) * g.paddedWidth
          let place = row + pixel % g.inputWidth + g.padding.left
          let index =
            g.isPlane
            ? place * g.planeChannels + i
            : featureIndex(i, place, pixels: g.paddedHeight * g.paddedWidth)
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
          let y = g.gradientTop + pixel / g.outputWidth
          let x = g.gradientLeft + pixel % g.outputWidth
          let index = blockedIndex(
            o, y * g.gradientWidth + x, pixels: g.gradientHeight * g.gradientWidth)
          dz[image * g.outputGradientCount + index] = gradients[image][o * g.outputPixels + pixel]
        }
      }
    }
    return dz
  }

  /// Accumulators of leaves of `leafSize` images and input gradients, from calls over as many images as one
  /// takes, or over a leaf at most.
  func leaves(_ kernels: any KernelSet, of leafSize: Int, together: Bool) -> [Float] {
    let g = geometry
    let sizes = kernels.convStorage(g)
    let weights = Floats(sizes.backwardWeights)
    let forward = Floats(sizes.forwardWeights)
    for tile in g.weightTiles {
      kernels.convPackWeights(
        g, tile, weights: self.weights.read, forward: forward.pointer, backward: weights.pointer)
    }
    let (x, dz, scratch) = (blockedInput(), blockedGradient(), Floats(sizes.scratch))
    let dx = Floats(images * g.inputGradientCount, fill: .nan)
    let stride = sizes.accumulator + 48
    // What a leaf's first call finds is lost.
    let accumulators = Floats((images + leafSize - 1) / leafSize * stride, fill: 7)
    let size = together ? sizes.imageGroup : min(leafSize, sizes.imageGroup)
    for image in Swift.stride(from: 0, to: images, by: size) {
      kernels.convBackward(
        g, imageCount: min(size, images - image),
        leaves: CallLeaves(
          imageCount: leafSize, overwrites: image % leafSize == 0, accumulatorStride: stride,
          biasStride: 0),
        x: x.read + image * g.inputCount, dz: dz.read + image * g.outputGradientCount,
        weights: weights.read, accumulator: accumulators.pointer + image / leafSize * stride,
        dx: dx.pointer + image * g.inputGradientCount, scratch: scratch.pointer)
    }
    return accumulators.values + dx.values
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
        g, imageCount: count, leaves: .one, x: x.read + image * g.inputCount,
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
      plain(z, g.outputChannels, g.outputPixels),
      g.isPlane ? [] : plain(dx, g.inputChannels, g.inputPixels, features: g.featurePixels),
      dw.values
    )
  }

  /// Place of an input channel's pixel: a block holds one feature pixel of 16 channels.
  private func featureIndex(_ input: Int, _ pixel: Int, pixels: Int) -> Int {
    let (channel, feature) = input.quotientAndRemainder(dividingBy: geometry.featurePixels)
    let block = channel / 16 * geometry.featurePixels + feature
    return (block * pixels + pixel) * 16 + channel % 16
  }

  /// Real channels as `[channel, pixel]` per image; padded lanes must be zero.
  private func plain(
    _ blocked: Floats, _ channels: Int, _ pixels: Int, features: Int = 1
  ) -> [Float] {
    var result: [Float] = []
    let padded = (channels + 15) / 16 * 16 * features
    for image in 0..<images {
      for channel in 0..<padded {
        for pixel in 0..<pixels {
          let place =
            features > 1
            ? featureIndex(channel, pixel, pixels: pixels)
            : blockedIndex(channel, pixel, pixels: pixels)
          let index = image * padded * pixels + place
          if channel < channels * features {
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

@Test(
  arguments: ConvolutionCase.all.filter { $0.images > 1 && !$0.geometry.isPlane }, [1, 2, 4])
func leavesOfACallSumForThemselves(_ c: ConvolutionCase, leafSize: Int) {
  let reference = ConvolutionReference(c)
  for kernels in variants {
    #expect(
      reference.leaves(kernels, of: leafSize, together: true)
        == reference.leaves(kernels, of: leafSize, together: false))
  }
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
