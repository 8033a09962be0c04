// A recipe's augmentation of byte images, called by the workers for each sample of a shard.
// Integer arithmetic after the draws, which hang on seed, sample and epoch alone: the same bytes on every
// instruction set and in any worker.

import PTrainCLibrary
import PTrainMemory
import PTrainNetworks

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
    case mix

    var movesImage: Bool {
      switch self {
      case .affine, .flip, .crop, .copy: true
      case .cutout, .color, .mix: false
      }
    }
  }

  private let operations: [Operation]
  private let seed: UInt64
  private let shape: AugmentedShape
  /// Bytes of what the affine step needs, aligned to 4; images on their way follow.
  private let affineByteCount: Int
  private let moveCount: Int
  /// The step of mixing and its place among the operations.
  private let mixing: (place: Int, step: Augmentation)?

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
      case .mixup, .cutmix: .mix
      }
    }
    if operations.first?.movesImage != true { operations.insert(.copy, at: 0) }
    self.operations = operations
    self.seed = seed
    self.shape = shape
    moveCount = operations.count(where: \.movesImage)
    mixing = steps.first(where: \.isMixing).map { step in
      let place = operations.firstIndex { if case .mix = $0 { true } else { false } }
      return (place!, step)
    }
    affineByteCount = operations.reduce(0) { count, operation in
      guard case .affine(let affine) = operation else { return count }
      return (affine.scratchByteCount + 3) / 4 * 4
    }
  }

  /// Bytes that a caller of `transform` provides, aligned to 4; one buffer a worker.
  package var scratchByteCount: Int {
    affineByteCount + (moveCount > 1 ? shape.count : 0) + (mixing == nil ? 0 : 2 * shape.count)
  }

  /// What `sample` of `count` is mixed with in `epoch`; nil where nothing is mixed.
  package func mix(of sample: UInt32, count: Int, epoch: UInt32) -> SampleMix? {
    mixing.flatMap {
      SampleMix($0.step, shape, seed: seed, sample: sample, epoch: epoch, count: count)
    }
  }

  /// Writes the image that `sample` of `count` is in `epoch`.
  ///
  /// `source` finds the images: `[height, width, channels]` each, not overlapping `target`, which is
  /// overwritten.
  package func transform(
    sample: UInt32, of count: Int, epoch: UInt32, target: UnsafeMutablePointer<UInt8>,
    scratch: UnsafeMutableRawPointer, source: (UInt32) -> UnsafePointer<UInt8>
  ) {
    let images = (scratch + affineByteCount).assumingMemoryBound(to: UInt8.self)
    let draw = SampleDraw(seed: seed, sample: sample, epoch: epoch)
    guard let mix = mix(of: sample, count: count, epoch: epoch), let place = mixing?.place else {
      return run(operations[...], draw, source(sample), (target, images), scratch)
    }
    // The partner as it is before the two are mixed.
    let partner = SampleDraw(seed: seed, sample: mix.partner, epoch: epoch)
    let second = moveCount > 1 ? images + 2 * shape.count : images
    run(operations[..<place], partner, source(mix.partner), (images, images + shape.count), scratch)
    run(operations[...], draw, source(sample), (target, second), scratch) { image in
      mix.apply(to: image, from: images, shape)
    }
  }

  /// Runs operations from `source` to the first of two buffers by way of the other; `mix` mixes.
  private func run(
    _ operations: ArraySlice<Operation>, _ draw: SampleDraw, _ source: UnsafePointer<UInt8>,
    _ buffers: (UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<UInt8>),
    _ scratch: UnsafeMutableRawPointer, mix: (UnsafeMutablePointer<UInt8>) -> Void = { _ in }
  ) {
    var current = source
    var movesLeft = operations.count(where: \.movesImage)
    for operation in operations {
      // The last move ends in the first buffer, the ones before take turns.
      let next = movesLeft % 2 == 1 ? buffers.0 : buffers.1
      // Where an earlier move left the image: the next one will not use it.
      let image = UnsafeMutablePointer(mutating: current)
      switch operation {
      case .affine(let affine):
        affine.transform(
          sample: draw.sample, epoch: draw.epoch, source: current, target: next, scratch: scratch)
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
      case .cutout(let side):
        let (x, y) = draw.centre(shape)
        shape.blacken(image, side: side, x: x, y: y)
      case .color(let ranges): shape.adjust(image, draw.factors(ranges))
      case .mix: mix(image)
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
    return (stream.below(count, element: 0) - range, stream.below(count, element: 1) - range)
  }

  func centre(_ shape: AugmentedShape) -> (x: Int, y: Int) {
    let stream = stream(.cutout)
    return (stream.below(shape.width, element: 0), stream.below(shape.height, element: 1))
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
}
