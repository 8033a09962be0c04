// Aligned buffers, random contents and comparisons that all kernel tests use.
// Plain loops in Double stand beside the kernels; here is what they share.
import PTrainKernelTypes
import PTrainKernels
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

/// Runs `body` on every variant: each result within `tolerance` of what is expected under its name,
/// relative to its own largest entry, and the same bits wherever the instruction set has a fused
/// multiply-add. Results of unlike size must not be joined: the large ones would hide the small ones.
func check(
  _ what: String, tolerance: Double, expected: KeyValuePairs<String, [Double]>,
  _ body: (any KernelSet) -> [[Float]]
) {
  var fused: [[Float]]?
  for kernels in variants {
    let name = kernels.instructionSet.rawValue
    let results = body(kernels)
    guard results.map(\.count) == expected.map(\.value.count) else {
      Issue.record("\(what) on \(name): counts are \(results.map(\.count))")
      continue
    }
    for (result, (part, values)) in zip(results, expected) {
      let error = relativeError(result, values)
      #expect(error <= tolerance, "\(what), \(part) on \(name)")
    }
    guard kernels.instructionSet != .baseline else { continue }
    if let fused {
      for ((a, b), (part, _)) in zip(zip(fused, results), expected) {
        #expect(a.map(\.bitPattern) == b.map(\.bitPattern), "\(what), \(part): bits of \(name)")
      }
    }
    fused = results
  }
}

/// The same for a single result.
func check(
  _ what: String, tolerance: Double, expected: [Double],
  _ body: (any KernelSet) -> [Float]
) {
  check(what, tolerance: tolerance, expected: ["values": expected]) { [body($0)] }
}

/// Largest difference as a share of the largest expected entry; infinite where a number is missing.
func relativeError(_ result: [Float], _ expected: [Double]) -> Double {
  let scale = max(expected.map { abs($0) }.max() ?? 1, 1e-6)
  return zip(result, expected).reduce(0) { worst, pair in
    let error = abs(Double(pair.0) - pair.1) / scale
    return error.isNaN ? .infinity : max(worst, error)
  }
}

/// `[channels, height, width]` at its places in `[blocks, height, width, 16]`.
func blockedIndex(_ channel: Int, _ pixel: Int, pixels: Int) -> Int {
  (channel / 16 * pixels + pixel) * 16 + channel % 16
}
