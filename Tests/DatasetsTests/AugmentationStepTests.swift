// Flips, shifts, squares and colours against plain loops, and lists of steps against one step at a time.
// Bytes are compared, because a model's bits depend on them.

import PTrainMemory
import PTrainNetworks
import Testing

@testable import PTrainDatasets

@Suite struct AugmentationStepTests {
  private static let shapes = [
    AugmentedShape(height: 5, width: 7, channels: 3),
    AugmentedShape(height: 4, width: 6, channels: 1),
  ]

  private func image(_ shape: AugmentedShape) -> [UInt8] {
    (0..<shape.count).map { UInt8(truncatingIfNeeded: 1 + $0 * 37 + $0 * $0) }
  }

  /// The byte of a pixel, black outside.
  private func value(_ image: [UInt8], _ shape: AugmentedShape, _ x: Int, _ y: Int, _ c: Int)
    -> UInt8
  {
    guard (0..<shape.width).contains(x), (0..<shape.height).contains(y) else { return 0 }
    return image[(y * shape.width + x) * shape.channels + c]
  }

  /// An image made pixel by pixel.
  private func made(_ shape: AugmentedShape, _ value: (Int, Int, Int) -> UInt8) -> [UInt8] {
    (0..<shape.count).map { index in
      let pixel = index / shape.channels
      return value(pixel % shape.width, pixel / shape.width, index % shape.channels)
    }
  }

  @Test(arguments: shapes)
  func mirrors(shape: AugmentedShape) {
    let source = image(shape)
    var result = [UInt8](repeating: 77, count: source.count)
    shape.mirror(source, to: &result)
    #expect(result == made(shape) { value(source, shape, shape.width - 1 - $0, $1, $2) })
  }

  @Test(arguments: shapes)
  func shifts(shape: AugmentedShape) {
    let source = image(shape)
    for x in [-8, -6, -2, 0, 1, 7] {
      for y in [-6, -3, 0, 2, 5] {
        var result = [UInt8](repeating: 77, count: source.count)
        shape.shift(source, to: &result, x: x, y: y)
        #expect(result == made(shape) { value(source, shape, $0 - x, $1 - y, $2) })
      }
    }
  }

  @Test(arguments: shapes)
  func blackensTheSquareInsideTheImage(shape: AugmentedShape) {
    let source = image(shape)
    for side in [1, 2, 3, 20] {
      for (x, y) in [(0, 0), (2, 3), (shape.width - 1, shape.height - 1)] {
        var result = source
        shape.blacken(&result, side: side, x: x, y: y)
        let columns = x - side / 2..<x - side / 2 + side
        let rows = y - side / 2..<y - side / 2 + side
        #expect(
          result
            == made(shape) {
              columns.contains($0) && rows.contains($1) ? 0 : value(source, shape, $0, $1, $2)
            })
      }
    }
  }

  @Test(arguments: shapes)
  func coloursAgreeWithDouble(shape: AugmentedShape) {
    let source = image(shape)
    for (brightness, contrast, saturation) in [(1.0, 1.0, 1.0), (1.3, 0.6, 1.9), (0.4, 1.8, 0.1)] {
      let factors = ColorFactors(
        brightness: Int(brightness * 65536), contrast: Int(contrast * 65536),
        saturation: Int(saturation * 65536))
      var result = source
      shape.adjust(&result, factors)
      let bright = source.map { clamped(Double($0) * brightness) }
      let lumas = stride(from: 0, to: source.count, by: shape.channels).map {
        luma(bright, $0, shape)
      }
      let mean = (lumas.reduce(0, +) / Double(lumas.count)).rounded()
      let flat = bright.map { clamped(mean + ($0 - mean) * contrast) }
      for index in source.indices {
        let grey = luma(flat, index / shape.channels * shape.channels, shape)
        let expected =
          shape.channels == 3 ? clamped(grey + (flat[index] - grey) * saturation) : flat[index]
        #expect(abs(Double(result[index]) - expected) <= (shape.channels == 3 ? 2 : 1))
      }
      if brightness == 1 { #expect(result == source) }
    }
  }

  private func clamped(_ value: Double) -> Double { min(max(value, 0), 255).rounded() }

  private func luma(_ image: [Double], _ pixel: Int, _ shape: AugmentedShape) -> Double {
    guard shape.channels == 3 else { return image[pixel] }
    return (0.299 * image[pixel] + 0.587 * image[pixel + 1] + 0.114 * image[pixel + 2]).rounded()
  }

  // MARK: Lists

  private func transformed(
    _ steps: [Augmentation], _ shape: AugmentedShape, _ source: [UInt8], sample: UInt32 = 3,
    epoch: UInt32 = 1, seed: UInt64 = 1
  ) -> [UInt8] {
    let augmenter = ImageAugmenter(
      steps, seed: seed, height: shape.height, width: shape.width, channels: shape.channels)
    var target = [UInt8](repeating: 77, count: source.count)
    let count = augmenter.scratchByteCount
    let scratch = UnsafeMutableRawPointer.allocate(byteCount: count + 1, alignment: 4)
    defer { scratch.deallocate() }
    scratch.initializeMemory(as: UInt8.self, repeating: 0xa5, count: count + 1)
    source.withUnsafeBufferPointer { source in
      augmenter.transform(
        sample: sample, of: 1, epoch: epoch, target: &target, scratch: scratch
      ) { _ in source.baseAddress! }
    }
    #expect(scratch.load(fromByteOffset: count, as: UInt8.self) == 0xa5)
    return target
  }

  private static let steps: [Augmentation] = [
    .color(ColorAugmentation()), .flip(FlipAugmentation()), .crop(2), .affine(AffineAugmentation()),
    .cutout(2),
  ]

  /// Any list is its steps one after the other, whichever buffers they go through.
  @Test(arguments: 0..<32)
  func aListIsItsSteps(members: Int) {
    let steps = Self.steps.indices.filter { members >> $0 & 1 == 1 }.map { Self.steps[$0] }
    for shape in Self.shapes {
      let source = image(shape)
      for sample in UInt32(0)..<4 {
        var expected = source
        for step in steps { expected = transformed([step], shape, expected, sample: sample) }
        #expect(transformed(steps, shape, source, sample: sample) == expected)
        if steps.count > 1 {
          let reversed = steps.reversed().reduce(source) {
            transformed([$1], shape, $0, sample: sample)
          }
          #expect(transformed(steps.reversed(), shape, source, sample: sample) == reversed)
        }
      }
    }
  }

  @Test func anAlternatingFlipMirrorsEveryOtherEpoch() {
    var flip = FlipAugmentation()
    flip.isAlternating = true
    let shape = Self.shapes[0]
    let source = image(shape)
    var mirroredFirst = 0
    for sample in UInt32(0)..<64 {
      let epochs = (UInt32(0)..<4).map {
        transformed([.flip(flip)], shape, source, sample: sample, epoch: $0)
      }
      #expect(epochs[0] == epochs[2] && epochs[1] == epochs[3] && epochs[0] != epochs[1])
      if epochs[0] != source { mirroredFirst += 1 }
    }
    #expect((16...48).contains(mirroredFirst))
  }

  @Test func drawsReachTheirRangesEvenly() {
    let shape = AugmentedShape(height: 8, width: 8, channels: 1)
    let draws = (0..<4000).map { SampleDraw(seed: 1, sample: UInt32($0), epoch: 0) }
    let flips = draws.count { $0.flips(FlipAugmentation()) }
    #expect((1800...2200).contains(flips))
    for axis in [\(x: Int, y: Int).x, \(x: Int, y: Int).y] {
      let shifts = Dictionary(grouping: draws.map { $0.shift(2)[keyPath: axis] }) { $0 }
      #expect(shifts.keys.sorted() == [-2, -1, 0, 1, 2])
      #expect(shifts.values.allSatisfy { (640...960).contains($0.count) })
      let centres = Dictionary(grouping: draws.map { $0.centre(shape)[keyPath: axis] }) { $0 }
      #expect(centres.keys.sorted() == Array(0..<8))
    }
    let factors = draws.map { $0.factors(ColorAugmentation()) }
    for factor in [\ColorFactors.brightness, \.contrast, \.saturation] {
      let values = factors.map { Double($0[keyPath: factor]) / 65536 }
      #expect(values.min()! >= 0.8 && values.min()! < 0.81)
      #expect(values.max()! <= 1.2 && values.max()! > 1.19)
    }
  }

  /// Pinned: other bytes would be another training run.
  @Test func bytesStayTheSame() {
    let shape = AugmentedShape(height: 32, width: 32, channels: 3)
    let source = image(shape)
    let bytes = (UInt32(0)..<8).flatMap { transformed(Self.steps, shape, source, sample: $0) }
    #expect(sha256(bytes).hasPrefix("76113893d76320bb"))
  }
}
