// Affine augmentation against a plain Double computation, and its draws against their ranges.
// Bytes are compared, because a model's bits depend on them.

import Glibc
import PTrainMemory
import PTrainNetworks
import Testing

@testable import PTrainDatasets

@Suite struct AugmentationTests {
  private static let height = 9
  private static let width = 13
  private let image = (0..<height * width).map { UInt8(truncatingIfNeeded: $0 * 37 + $0 * $0) }

  private func resample(
    _ map: AffineMap, _ image: [UInt8], _ height: Int, _ width: Int, channels: Int = 1
  ) -> [UInt8] {
    let sampler = BilinearSampler(height: height, width: width, channels: channels)
    var target = [UInt8](repeating: 77, count: height * width * channels)
    // Scratch comes dirty from the image before.
    let scratch = UnsafeMutableRawPointer.allocate(byteCount: sampler.byteCount, alignment: 4)
    defer { scratch.deallocate() }
    memset(scratch, 0xa5, sampler.byteCount)
    sampler.resample(map, source: image, target: &target, scratch: scratch)
    return target
  }

  private func map(
    rotation: Double = 0, scale: Double = 1, shear: Double = 0, shiftX: Double = 0,
    shiftY: Double = 0
  ) -> AffineMap {
    AffineMap(
      rotation: rotation, scale: scale, shear: shear, shiftX: shiftX, shiftY: shiftY,
      height: Self.height, width: Self.width)
  }

  private func grey(_ x: Int, _ y: Int) -> Double {
    guard (0..<Self.width).contains(x), (0..<Self.height).contains(y) else { return 0 }
    return Double(image[y * Self.width + x])
  }

  /// Grey value of the image at a real position, 0 outside.
  private func bilinear(_ x: Double, _ y: Double) -> Double {
    let column = Int(x.rounded(.down))
    let row = Int(y.rounded(.down))
    let right = x - Double(column)
    let lower = y - Double(row)
    let upperRow = (1 - right) * grey(column, row) + right * grey(column + 1, row)
    let lowerRow = (1 - right) * grey(column, row + 1) + right * grey(column + 1, row + 1)
    return (1 - lower) * upperRow + lower * lowerRow
  }

  @Test func identityKeepsEveryByte() {
    #expect(resample(map(), image, Self.height, Self.width) == image)
  }

  @Test func wholeShiftMovesPixelsAndFillsWithZeros() {
    let result = resample(map(shiftX: 2, shiftY: -1), image, Self.height, Self.width)
    for y in 0..<Self.height {
      for x in 0..<Self.width {
        let inside = x >= 2 && y + 1 < Self.height
        #expect(
          result[y * Self.width + x] == (inside ? image[(y + 1) * Self.width + x - 2] : 0))
      }
    }
  }

  @Test func quarterTurnIsExact() {
    let square: [UInt8] = (0..<25).map { UInt8($0 * 10) }
    let turn = AffineMap(
      rotation: .pi / 2, scale: 1, shear: 0, shiftX: 0, shiftY: 0, height: 5, width: 5)
    let result = resample(turn, square, 5, 5)
    let expected: [UInt8] = (0..<25).map { index in
      let (y, x) = (4 - index % 5, index / 5)
      return square[y * 5 + x]
    }
    #expect(result == expected)
  }

  private var generalMaps: [AffineMap] {
    [
      map(rotation: 0.2), map(rotation: -0.7, scale: 1.3), map(scale: 0.6), map(shear: 0.4),
      map(rotation: 3, scale: 0.9, shear: -0.3, shiftX: 1.7, shiftY: -2.2), map(shiftX: 0.5),
      map(shiftX: 1000), map(scale: 0.01),
    ]
  }

  @Test func generalMapsAgreeWithDouble() {
    for map in generalMaps {
      let result = resample(map, image, Self.height, Self.width)
      for y in 0..<Self.height {
        for x in 0..<Self.width {
          let sourceX = map.xx * Double(x) + map.xy * Double(y) + map.x0
          let sourceY = map.yx * Double(x) + map.yy * Double(y) + map.y0
          let expected = bilinear(sourceX, sourceY)
          // Weights have 8 bits on each axis, and the result is rounded.
          #expect(abs(Double(result[y * Self.width + x]) - expected) < 2.6)
        }
      }
    }
  }

  @Test func colorsAreResampledAsGreysAre() {
    let bright = image.map { $0 | 0xc0 }
    let planes = [image, image.map { ~$0 }, bright]
    let colored = image.indices.flatMap { index in planes.map { $0[index] } }
    for map in generalMaps {
      let result = resample(map, colored, Self.height, Self.width, channels: 3)
      for (channel, plane) in planes.enumerated() {
        let own = result.enumerated().filter { $0.offset % 3 == channel }.map(\.element)
        #expect(own == resample(map, plane, Self.height, Self.width))
      }
    }
  }

  /// The map without shear and shift is a rotation by the drawn angle over the drawn scale.
  @Test func drawsStayInTheirRangesAndReachThem() {
    var ranges = AffineAugmentation()
    ranges.rotationDegrees = 30
    ranges.scale = 0.2
    ranges.shear = 0
    ranges.shiftPixels = 0
    var angles: [Double] = []
    var scales: [Double] = []
    for sample in 0..<500 {
      let stream = RandomStream(seed: 1, purpose: .augmentation, sample: UInt32(sample))
      let map = AffineMap(ranges, from: stream, height: 28, width: 28)
      angles.append(atan2(-map.yx, map.xx) * 180 / .pi)
      scales.append(1 / (map.xx * map.xx + map.yx * map.yx).squareRoot())
    }
    #expect(angles.allSatisfy { abs($0) <= 30.001 })
    #expect(angles.min()! < -28 && angles.max()! > 28)
    #expect(scales.allSatisfy { abs($0 - 1) <= 0.2001 })
    #expect(scales.min()! < 0.82 && scales.max()! > 1.18)
  }

  @Test func dependsOnSeedSampleAndEpochAlone() {
    func transformed(seed: UInt64, sample: UInt32, epoch: UInt32) -> [UInt8] {
      let augmenter = AffineAugmenter(
        AffineAugmentation(), seed: seed, height: Self.height, width: Self.width)
      var target = image
      let scratch = UnsafeMutableRawPointer.allocate(
        byteCount: augmenter.scratchByteCount, alignment: 4)
      defer { scratch.deallocate() }
      augmenter.transform(
        sample: sample, epoch: epoch, source: image, target: &target, scratch: scratch)
      return target
    }
    let first = transformed(seed: 1, sample: 2, epoch: 3)
    #expect(first == transformed(seed: 1, sample: 2, epoch: 3))
    #expect(first != transformed(seed: 2, sample: 2, epoch: 3))
    #expect(first != transformed(seed: 1, sample: 3, epoch: 3))
    #expect(first != transformed(seed: 1, sample: 2, epoch: 4))
    // Pinned: other bytes would be another training run.
    let digest = sha256(first)
    #expect(digest.hasPrefix("2f4dbfdac0ed5df9"))
  }
}
