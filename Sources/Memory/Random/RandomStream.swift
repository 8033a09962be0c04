// Random numbers by purpose: which key and counter an element of a stream has.
// Kernels that draw 16 lanes at a time and scalar code here agree on this one mapping.

/// A random-access sequence of 32-bit words for one purpose, sample and epoch.
///
/// The key is the seed; element `e` is output word `(e / 16) % 4` of the counter
/// `(block: (e / 64) * 16 + e % 16, stream, sample, epoch)`, so that 16 consecutive elements are
/// one output word of 16 consecutive blocks.
package struct RandomStream: Equatable, Sendable {
  /// What a stream is drawn for.
  package enum Purpose: Equatable, Sendable {
    /// Initial parameters; `sample` is the index of the tensor, `epoch` is 0.
    case initialization
    /// The order of an epoch; `sample` is 0.
    case shuffle
    /// Which samples are held out for tests; `sample` is the class.
    case testSplit
    /// Which samples are held out for validation; `sample` is the class.
    case validationSplit
    /// A step of augmentation, the first of an affine map; `sample` is the index in the training set.
    case augmentation, flip, crop, cutout, color, mixup, cutmix
    /// `sample` is the index in the training set; `layer` the layer's place in the network.
    case dropout(layer: UInt32)

    /// The counter's second word.
    package var stream: UInt32 {
      switch self {
      case .initialization: 1
      case .shuffle: 2
      case .augmentation: 3
      case .testSplit: 4
      case .validationSplit: 5
      case .flip: 6
      case .crop: 7
      case .cutout: 8
      case .color: 9
      case .mixup: 10
      case .cutmix: 11
      case .dropout(let layer): 0x100 + layer
      }
    }
  }

  private let key: SIMD2<UInt32>
  private let stream: UInt32
  private let sample: UInt32
  private let epoch: UInt32

  package init(seed: UInt64, purpose: Purpose, sample: UInt32 = 0, epoch: UInt32 = 0) {
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    stream = purpose.stream
    self.sample = sample
    self.epoch = epoch
  }

  /// 32 random bits; `element` counts from 0 and must stay below 2^34.
  package func word(element: Int) -> UInt32 {
    let element = UInt(bitPattern: element)
    return block((element >> 6) << 4 | element & 15)[Int((element >> 4) & 3)]
  }

  /// The 64 words from element `64 * run` on, which are four of each of 16 blocks.
  func words(run: Int, into words: inout [UInt32]) {
    for index in 0..<16 {
      let found = block(UInt(bitPattern: run << 4 | index))
      for quarter in 0..<4 { words[quarter << 4 | index] = found[quarter] }
    }
  }

  @inline(__always)
  private func block(_ index: UInt) -> SIMD4<UInt32> {
    Philox.block(
      counter: SIMD4(UInt32(truncatingIfNeeded: index), stream, sample, epoch), key: key)
  }

  /// One of `0 ..< count`, each as likely to within 2^-32.
  package func below(_ count: Int, element: Int) -> Int {
    Int((UInt64(word(element: element)) &* UInt64(count)) >> 32)
  }

  /// A Float of [0, 1): a multiple of 2^-24, every one equally likely.
  package func uniform(element: Int) -> Float { Self.uniform(word: word(element: element)) }

  /// The uniform number that a word stands for: its upper 24 bits times 2^-24.
  package static func uniform(word: UInt32) -> Float { Float(word >> 8) * 0x1p-24 }
}
