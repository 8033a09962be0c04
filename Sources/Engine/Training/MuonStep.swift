// A step of Muon in the engine: its iterations are the kernels'.

import PTrainKernelTypes
import PTrainNetworks

extension Muon {
  /// The step of the rule's own loops, to the bit.
  func step(
    _ piece: OptimizerPiece<Float>, index: Int, learningRate: Double, by kernels: any KernelSet
  ) {
    let (a, b, c) = Self.coefficients
    let polynomial = OddPolynomial(a: Float(a), b: Float(b), c: Float(c))
    step(piece, index: index, learningRate: learningRate) { matrix, side, length in
      let shape = IteratedMatrix(side: side, length: length)
      withUnsafeTemporaryAllocation(
        byteCount: shape.workCount * MemoryLayout<Float>.stride, alignment: 64
      ) { work in
        kernels.newtonSchulz(
          shape, polynomial, iterations: iterationCount, matrix: matrix,
          work: work.baseAddress!.assumingMemoryBound(to: Float.self))
      }
    }
  }
}
