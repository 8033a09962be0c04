// A recipe's augmentation of byte images, called by the workers for each sample of a shard.
// Integer arithmetic after the draws, which hang on seed, sample and epoch alone: the same bytes on every
// instruction set and in any worker.

import Glibc
import Memory
import Networks

/// Transforms the images of one training run, step by step.
package struct ImageAugmenter: Sendable {
  /// How a step leaves the image.
  private enum Operation: Sendable {
    /// In another buffer.
    case affine(AffineAugmenter)
    case flip(FlipAugmentation)
    case crop(Int)
    case copy
    /// Where it is.
    case cutout(Int)
    case color(ColorAugmentation)

    var movesImage: Bool {
      switch self {
      case .affine, .flip, .crop, .copy: true
      case .cutout, .color: false
      }
    }
  }

  private let operations: [Operation]
  private let seed: UInt64
  private let shape: AugmentedShape
  /// Bytes of what the affine step needs, aligned to 4; a second image follows.
  private let affineByteCount: Int
  private let moveCount: Int

  package init(
    _ steps: [Augmentation], seed: UInt64, height: Int, width: Int, channels: Int
  ) {
    let shape = AugmentedShape(height: height, width: width, channels: channels)
    var operations: [Operation] = steps.map { step in
      switch step {
      case .affine(let ranges):
        .affine(
          AffineAugmenter(ranges, seed: seed, height: height, width: width, channels: channels))
      case .flip(let flip): .flip(flip)
      case .crop(let pixels): .crop(pixels)
      case .cutout(let side): .cutout(side)
      case .color(let ranges): .color(ranges)
      }
    }
    if operations.first?.movesImage != true { operations.insert(.copy, at: 0) }
    self.operations = operations
    self.seed = seed
    self.shape = shape
    moveCount = operations.count(where: \.movesImage)
    affineByteCount = operations.reduce(0) { count, operation in
      guard case .affine(let affine) = operation else { return count }
      return (affine.scratchByteCount + 3) / 4 * 4
    }
  }

  /// Bytes that a caller of `transform` provides, aligned to 4; one buffer a worker.
  package var scratchByteCount: Int { affineByteCount + (moveCount > 1 ? shape.count : 0) }

  /// Writes the image that `sample` is in `epoch`.
  ///
  /// `source`, `target`: `[height, width, channels]`, not overlapping; `target` is overwritten.
  package func transform(
    sample: UInt32, epoch: UInt32, source: UnsafePointer<UInt8>,
    target: UnsafeMutablePointer<UInt8>, scratch: UnsafeMutableRawPointer
  ) {
    let draw = SampleDraw(seed: seed, sample: sample, epoch: epoch)
    let second = (scratch + affineByteCount).assumingMemoryBound(to: UInt8.self)
    var current = source
    var movesLeft = moveCount
    for operation in operations {
      // The last move ends in the target, the ones before take turns.
      let next = movesLeft % 2 == 1 ? target : second
      switch operation {
      case .affine(let affine):
        affine.transform(
          sample: sample, epoch: epoch, source: current, target: next, scratch: scratch)
      case .flip(let flip):
        if draw.flips(flip) {
          shape.mirror(current, to: next)
        } else {
          memcpy(next, current, shape.count)
        }
      case .crop(let pixels):
        let (x, y) = draw.shift(pixels)
        shape.shift(current, to: next, x: x, y: y)
      case .copy: memcpy(next, current, shape.count)
      // An earlier move left the image in the buffer that the next one will not use.
      case .cutout(let side):
        let (x, y) = draw.centre(shape)
        shape.blacken(UnsafeMutablePointer(mutating: current), side: side, x: x, y: y)
      case .color(let ranges):
        shape.adjust(UnsafeMutablePointer(mutating: current), draw.factors(ranges))
      }
      if operation.movesImage {
        current = UnsafePointer(next)
        movesLeft -= 1
      }
    }
  }
}

/// What one sample draws in one epoch, each step from a stream of its own.
struct SampleDraw {
  let seed: UInt64
  let sample: UInt32
  let epoch: UInt32

  private func stream(_ purpose: RandomStream.Purpose, epoch: UInt32? = nil) -> RandomStream {
    RandomStream(seed: seed, purpose: purpose, sample: sample, epoch: epoch ?? self.epoch)
  }

  func flips(_ flip: FlipAugmentation) -> Bool {
    guard flip.isAlternating else { return stream(.flip).word(element: 0) >> 31 == 1 }
    return (stream(.flip, epoch: 0).word(element: 0) >> 31 &+ epoch) % 2 == 1
  }

  /// Pixels to the right and down, each of `-range ... range` as likely.
  func shift(_ range: Int) -> (x: Int, y: Int) {
    let stream = stream(.crop)
    let count = 2 * range + 1
    return (
      Self.below(count, stream.word(element: 0)) - range,
      Self.below(count, stream.word(element: 1)) - range
    )
  }

  func centre(_ shape: AugmentedShape) -> (x: Int, y: Int) {
    let stream = stream(.cutout)
    return (
      Self.below(shape.width, stream.word(element: 0)),
      Self.below(shape.height, stream.word(element: 1))
    )
  }

  func factors(_ ranges: ColorAugmentation) -> ColorFactors {
    let stream = stream(.color)
    func factor(_ element: Int, _ range: Double) -> Int {
      let draw = (2 * Double(stream.uniform(element: element)) - 1) * range
      return Int((1 + draw) * 65536 + 0.5)
    }
    return ColorFactors(
      brightness: factor(0, ranges.brightness), contrast: factor(1, ranges.contrast),
      saturation: factor(2, ranges.saturation))
  }

  /// `0 ..< count` from 32 random bits, each as likely to within 2^-32.
  private static func below(_ count: Int, _ word: UInt32) -> Int {
    Int((UInt64(word) &* UInt64(count)) >> 32)
  }
}
