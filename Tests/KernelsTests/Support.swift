// Aligned buffers, random contents and comparisons that all kernel tests use.
// Plain loops in Double stand beside the kernels; here is what they share.
import KernelTypes
import Kernels
import Testing

/// 64-byte aligned floats, freed with the object.
final class Floats {
  let pointer: MutableFloatPointer
  let count: Int

  init(_ count: Int, fill: Float = 0) {
    self.count = count
    let raw = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1) * 4 + 64, alignment: 64)
    pointer = raw.bindMemory(to: Float.self, capacity: count + 16)
    pointer.initialize(repeating: fill, count: count + 16)
  }

  convenience init(_ values: [Float]) {
    self.init(values.count)
    for (i, value) in values.enumerated() { pointer[i] = value }
  }

  /// Uniform in [-1, 1), the same for the same seed.
  convenience init(random count: Int, seed: UInt64) {
    self.init(count)
    var generator = SplitMix(state: seed)
    for i in 0..<count { pointer[i] = generator.uniform() }
  }

  deinit { UnsafeMutableRawPointer(pointer).deallocate() }

  var read: FloatPointer { FloatPointer(pointer) }
  var values: [Float] { (0..<count).map { pointer[$0] } }
  subscript(i: Int) -> Float {
    get { pointer[i] }
    set { pointer[i] = newValue }
  }
}

struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func uniform() -> Float { Float(next() >> 40) / Float(1 << 23) - 1 }
}

/// Every variant that runs here, the baseline first.
let variants: [any KernelSet] = KernelChoice.available.map { KernelChoice.kernels(for: $0) }

/// Runs `body` on every variant: results within `tolerance` of `expected` (relative to its largest
/// entry), and the same bits wherever the instruction set has a fused multiply-add.
func check(
  _ what: String, tolerance: Double, expected: [Double],
  _ body: (any KernelSet) -> [Float]
) {
  let scale = max(expected.map(abs).max() ?? 1, 1e-6)
  var fused: [Float]?
  for kernels in variants {
    let name = kernels.instructionSet.rawValue
    let result = body(kernels)
    guard result.count == expected.count else {
      Issue.record("\(what) on \(name): \(result.count) values, expected \(expected.count)")
      continue
    }
    var worst = 0.0
    for (a, b) in zip(result, expected) {
      let error = abs(Double(a) - b)
      worst = error.isNaN ? .infinity : max(worst, error)
    }
    #expect(worst <= tolerance * scale, "\(what) on \(name)")
    if kernels.instructionSet != .baseline {
      if let fused {
        #expect(fused.map(\.bitPattern) == result.map(\.bitPattern), "\(what): bits of \(name)")
      }
      fused = result
    }
  }
}

/// `[channels, height, width]` at its places in `[blocks, height, width, 16]`.
func blockedIndex(_ channel: Int, _ pixel: Int, pixels: Int) -> Int {
  (channel / 16 * pixels + pixel) * 16 + channel % 16
}
