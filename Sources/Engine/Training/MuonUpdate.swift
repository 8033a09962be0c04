// Muon's step on all weights: every worker has parts of each pass over each matrix.

import PTrainKernelTypes
import PTrainNetworks

/// A step of Muon on the weights.
struct MuonStep: Sendable {
  let rule: Muon
  let rate: Double
}

/// Weights as matrices, with the memory of their iterations.
struct MuonUpdate: @unchecked Sendable {
  private struct Weight {
    let tensor: StateTensor
    let shape: MatrixShape
    let matrix: IteratedMatrix
    let work: MutableFloatPointer
  }

  private struct Part {
    let weight: Int
    let index: Int
  }

  private let weights: [Weight]
  private let passes: [(pass: NewtonSchulzPass, parts: [Part])]

  /// - Parameter memory: that many floats, aligned, which outlive the value.
  init(
    _ tensors: [StateTensor], memory: (_ count: Int) throws -> MutableFloatPointer
  ) rethrows {
    // The last parts of a pass are short ones.
    let weights = try tensors.sorted { $0.count > $1.count }.map { tensor in
      let shape = MatrixShape(tensor)
      let matrix = IteratedMatrix(side: shape.side, length: shape.length)
      return Weight(
        tensor: tensor, shape: shape, matrix: matrix, work: try memory(matrix.workCount))
    }
    self.weights = weights
    passes = NewtonSchulzPass.allCases.map { pass in
      let parts = weights.indices.flatMap { weight in
        (0..<weights[weight].matrix.partCount(pass)).map { Part(weight: weight, index: $0) }
      }
      return (pass, parts)
    }
  }

  /// From gradients to new weights, with the bits of the rule's own loops.
  ///
  /// `piece`: all values of a weight; `run`: a pool's.
  func step(
    _ step: MuonStep, _ kernels: any KernelSet,
    piece: @escaping (StateTensor) -> OptimizerPiece<Float>,
    run: (_ taskCount: Int, _ body: @escaping WorkerPool.Body) -> Void
  ) {
    let (rule, iterations) = (step.rule, step.rule.iterationCount)
    let (a, b, c) = Muon.coefficients
    let polynomial = OddPolynomial(a: Float(a), b: Float(b), c: Float(c))
    run(weights.count) { [weights] _, index in
      let weight = weights[index]
      let rows = weight.matrix.columns(weight.work, before: 1)
      rule.beginFloats(piece(weight.tensor), weight.shape, matrix: rows)
      kernels.matrixColumns(
        weight.matrix, rows: rows, columns: weight.matrix.columns(weight.work, before: 0))
    }
    for iteration in 0..<iterations {
      for (pass, parts) in passes {
        run(parts.count) { [weights] _, task in
          let weight = weights[parts[task].weight]
          kernels.newtonSchulz(
            pass, part: parts[task].index, weight.matrix, polynomial, iteration: iteration,
            work: weight.work)
        }
      }
    }
    run(weights.count) { [weights] _, index in
      let weight = weights[index]
      let rows = weight.matrix.columns(weight.work, before: iterations + 1)
      kernels.matrixRows(
        weight.matrix, columns: weight.matrix.columns(weight.work, before: iterations), rows: rows)
      rule.finishFloats(piece(weight.tensor), weight.shape, matrix: rows, learningRate: step.rate)
    }
  }
}
