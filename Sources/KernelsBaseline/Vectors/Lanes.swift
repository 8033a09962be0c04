// Sixteen floats, one channel block: loads, stores, multiply-add, masks.
// Everything is inlined: a symbol shared by the variants could carry the wrong instruction set.
import PTrainKernelTypes

typealias Lanes = SIMD16<Float>
/// Channels of a block that has at most 8.
typealias HalfLanes = SIMD8<Float>
typealias LaneBits = SIMD16<UInt32>

/// Floats in `Lanes`.
let lanes = 16

// Raw accesses: the memory is bound to `Float`, and single floats of it are written beside vectors.

/// Load at an alignment of `Lanes`, 16 bytes.
@inline(__always) func load(_ pointer: FloatPointer) -> Lanes {
  UnsafeRawPointer(pointer).load(as: Lanes.self)
}

@inline(__always) func load(_ pointer: MutableFloatPointer) -> Lanes {
  UnsafeRawPointer(pointer).load(as: Lanes.self)
}

@inline(__always) func store(_ pointer: MutableFloatPointer, _ value: Lanes) {
  UnsafeMutableRawPointer(pointer).storeBytes(of: value, as: Lanes.self)
}

@inline(__always) func loadHalf(_ pointer: FloatPointer) -> HalfLanes {
  UnsafeRawPointer(pointer).load(as: HalfLanes.self)
}

@inline(__always) func storeHalf(_ pointer: MutableFloatPointer, _ value: HalfLanes) {
  UnsafeMutableRawPointer(pointer).storeBytes(of: value, as: HalfLanes.self)
}

/// Load at any alignment of 4 bytes.
@inline(__always) func loadUnaligned(_ pointer: FloatPointer) -> Lanes {
  UnsafeRawPointer(pointer).loadUnaligned(as: Lanes.self)
}

/// Store at any alignment of 4 bytes.
@inline(__always) func storeUnaligned(_ pointer: MutableFloatPointer, _ value: Lanes) {
  UnsafeMutableRawPointer(pointer).storeBytes(of: value, as: Lanes.self)
}

/// The first `count` floats, the other lanes zero.
@inline(__always) func loadPartial(_ pointer: FloatPointer, _ count: Int) -> Lanes {
  var result = Lanes.zero
  var lane = 0
  while lane < count {
    result[lane] = pointer[lane]
    lane += 1
  }
  return result
}

/// Writes the first `count` lanes.
@inline(__always) func storePartial(_ pointer: MutableFloatPointer, _ value: Lanes, _ count: Int) {
  var lane = 0
  while lane < count {
    pointer[lane] = value[lane]
    lane += 1
  }
}

/// `a * b + c`, rounded once where the instruction set has a fused multiply-add.
///
/// x86-64 without FMA would make it one library call a lane, so the baseline there rounds twice:
/// its results have bits of their own.
@inline(__always) func multiplyAdd(_ a: Lanes, _ b: Lanes, _ c: Lanes) -> Lanes {
  #if KERNELS_AVX2 || KERNELS_AVX512 || arch(arm64)
    c.addingProduct(a, b)
  #else
    a * b + c
  #endif
}

@inline(__always) func multiplyAdd(
  _ a: HalfLanes, _ b: HalfLanes, _ c: HalfLanes
) -> HalfLanes {
  #if KERNELS_AVX2 || KERNELS_AVX512 || arch(arm64)
    c.addingProduct(a, b)
  #else
    a * b + c
  #endif
}

@inline(__always) func multiplyAdd(_ a: Float, _ b: Float, _ c: Float) -> Float {
  #if KERNELS_AVX2 || KERNELS_AVX512 || arch(arm64)
    c.addingProduct(a, b)
  #else
    a * b + c
  #endif
}

/// `a` where it is larger, else `b`: a NaN in `b` stays, one in `a` goes.
@inline(__always) func larger(_ a: Lanes, _ b: Lanes) -> Lanes {
  b.replacing(with: a, where: a .> b)
}

/// `a` where it is smaller, else `b`: a NaN in `b` stays, one in `a` goes.
@inline(__always) func smaller(_ a: Lanes, _ b: Lanes) -> Lanes {
  b.replacing(with: a, where: a .< b)
}

/// `max(value, 0)`; a NaN stays, so that a diverged network shows.
@inline(__always) func relu(_ value: Lanes) -> Lanes {
  value.replacing(with: Lanes.zero, where: value .< Lanes.zero)
}

/// `value` where `gate > 0`, else zero, behind a NaN too.
@inline(__always) func keepWherePositive(_ value: Lanes, _ gate: Lanes) -> Lanes {
  Lanes.zero.replacing(with: value, where: gate .> Lanes.zero)
}

/// All ones in lanes where `value < 0`, made from the sign so that big bodies vectorise.
@inline(__always) func negativeMask(_ value: Lanes) -> SIMD16<Int32> {
  unsafeBitCast(value + Lanes.zero, to: SIMD16<Int32>.self) &>> SIMD16<Int32>(repeating: 31)
}

/// `a` where the mask is set, else `b`.
@inline(__always) func select(_ mask: SIMD16<Int32>, _ a: Lanes, _ b: Lanes) -> Lanes {
  let x = unsafeBitCast(a, to: SIMD16<Int32>.self) & mask
  let y = unsafeBitCast(b, to: SIMD16<Int32>.self) & ~mask
  return unsafeBitCast(x | y, to: Lanes.self)
}

/// Sum of the lanes by halves: 8 + 8, 4 + 4, 2 + 2, 1 + 1.
@inline(__always) func laneSum(_ value: Lanes) -> Float {
  let eight = value.lowHalf + value.highHalf
  let four = eight.lowHalf + eight.highHalf
  let two = four.lowHalf + four.highHalf
  return two.x + two.y
}

/// Whether one of the 16 floats is below zero.
@inline(__always) func anyNegative(_ pointer: FloatPointer) -> Bool {
  var found = false
  var lane = 0
  while lane < lanes {
    found = found || pointer[lane] < 0
    lane += 1
  }
  return found
}

/// Overwrites `count` floats, a multiple of 16, with zero.
@inline(__always) func clear(_ pointer: MutableFloatPointer, _ count: Int) {
  var i = 0
  while i < count {
    store(pointer + i, .zero)
    i += lanes
  }
}

/// Sixteen vectors.
private struct StackVectors {
  var low: (Lanes, Lanes, Lanes, Lanes, Lanes, Lanes, Lanes, Lanes)
  var high: (Lanes, Lanes, Lanes, Lanes, Lanes, Lanes, Lanes, Lanes)

  @inline(__always) init() {
    low = (.zero, .zero, .zero, .zero, .zero, .zero, .zero, .zero)
    high = low
  }
}

/// Calls `body` with room for 16 vectors on the stack, zeros; a temporary allocation of this
/// alignment would come from the heap.
@inline(__always) func withStackVectors(_ body: (MutableFloatPointer) -> Void) {
  var vectors = StackVectors()
  withUnsafeMutableBytes(of: &vectors) { bytes in
    body(bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Float.self))
  }
}

/// The same with room for 48 vectors.
@inline(__always) func withManyStackVectors(_ body: (MutableFloatPointer) -> Void) {
  var vectors = (StackVectors(), StackVectors(), StackVectors())
  withUnsafeMutableBytes(of: &vectors) { bytes in
    body(bytes.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: Float.self))
  }
}

/// `(count + divisor - 1) / divisor`.
@inline(__always) func ceilingDivide(_ count: Int, _ divisor: Int) -> Int {
  (count + divisor - 1) / divisor
}
