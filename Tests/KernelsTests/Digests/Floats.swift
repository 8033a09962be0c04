// Aligned buffers and their random contents: also of a program without test library and Foundation.
import PTrainKernelTypes

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
