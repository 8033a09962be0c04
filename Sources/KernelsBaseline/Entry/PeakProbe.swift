// Chains of multiply-adds that stay in registers, as many as hide the latency of the units.
// Twelve vectors do on two units of four cycles; of narrow ones several make up a `Lanes`.
import PTrainKernelTypes

/// Two chains; loaded from memory, since constants would be split into halves.
private struct Chains {
  var x: Lanes
  var y: Lanes

  @inline(__always) init(_ pointer: MutableFloatPointer) {
    x = load(pointer)
    y = load(pointer + lanes)
  }

  @inline(__always) mutating func turn(_ factor: Lanes, _ summand: Lanes) {
    x = multiplyAdd(x, factor, summand)
    y = multiplyAdd(y, factor, summand)
  }

  @inline(__always) func write(_ pointer: MutableFloatPointer) {
    store(pointer, x)
    store(pointer + lanes, y)
  }
}

/// Six chains.
private struct ChainGroup {
  var a: Chains
  var b: Chains
  var c: Chains

  @inline(__always) init(_ pointer: MutableFloatPointer) {
    a = Chains(pointer)
    b = Chains(pointer + 2 * lanes)
    c = Chains(pointer + 4 * lanes)
  }

  @inline(__always) mutating func turn(_ factor: Lanes, _ summand: Lanes) {
    a.turn(factor, summand)
    b.turn(factor, summand)
    c.turn(factor, summand)
  }

  @inline(__always) func write(_ pointer: MutableFloatPointer) {
    a.write(pointer)
    b.write(pointer + 2 * lanes)
    c.write(pointer + 4 * lanes)
  }
}

enum PeakProbe {
  #if KERNELS_AVX512
    static var chainCount: Int { 12 }
  #elseif KERNELS_AVX2 || arch(arm64)
    static var chainCount: Int { 6 }
  #else
    static var chainCount: Int { 2 }
  #endif

  static func run(_ turns: Int, _ operands: MutableFloatPointer) {
    let (factor, summand) = (load(operands), load(operands + lanes))
    let first = operands + 2 * lanes
    #if KERNELS_AVX512
      var low = ChainGroup(first)
      var high = ChainGroup(first + 6 * lanes)
    #elseif KERNELS_AVX2 || arch(arm64)
      var low = ChainGroup(first)
    #else
      var low = Chains(first)
    #endif
    var turn = 0
    while turn < turns {
      low.turn(factor, summand)
      #if KERNELS_AVX512
        high.turn(factor, summand)
      #endif
      turn += 1
    }
    low.write(first)
    #if KERNELS_AVX512
      high.write(first + 6 * lanes)
    #endif
  }
}

extension VariantKernels {
  package var chainCount: Int { PeakProbe.chainCount }

  package func multiplyAddChains(turns: Int, operands: MutableFloatPointer) {
    PeakProbe.run(turns, operands)
  }
}
