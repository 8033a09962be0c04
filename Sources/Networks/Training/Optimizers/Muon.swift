// Muon: the momentum of a weight, as a matrix, with all its singular values brought near to 1.

/// Momentum orthogonalised by Newton-Schulz iterations (Jordan 2024), with updates as large as AdamW's
/// (Liu et al. 2025), so that one rate suits the biases and BN too, which Adam steps.
package struct Muon: OptimizerRule, Equatable {
  package var momentum = 0.95
  package var weightDecay = 0.0
  /// Newton-Schulz iterations.
  package var iterationCount = 5

  /// Of the odd polynomial of an iteration: singular values go to about 0.7 to 1.2, and do so fast.
  package static let coefficients = (a: 3.4445, b: -4.775, c: 2.0315)
  /// Keeps a matrix of zeros one.
  private static let smallestNorm = 1e-7
  /// Root mean square of AdamW's updates.
  private static let updateSize = 0.2

  package init(weightDecay: Double = 0) { self.weightDecay = weightDecay }

  /// `m ← m + (1 − momentum)·(g − m)`, `u = g + momentum·(m − g)`,
  /// `p ← p − rate·decay·p − rate·0.2·√max(rows, columns)·orthogonal(u)`; Adam's for what is no weight.
  package func step<Scalar: ReferenceScalar>(
    _ piece: OptimizerPiece<Scalar>, index: Int, learningRate: Double
  ) {
    guard piece.tensor.role == .weight else {
      return Adam().step(piece, index: index, learningRate: learningRate)
    }
    let shape = MatrixShape(piece.tensor)
    withUnsafeTemporaryAllocation(of: Scalar.self, capacity: piece.count) { matrix in
      let matrix = matrix.baseAddress!
      begin(piece, shape, matrix)
      iterate(matrix, shape.side, shape.length)
      finish(piece, shape, matrix, learningRate)
    }
  }

  /// What comes before the iterations: the momentum, and the update as a matrix `[side, length]` of norm 1.
  package func beginFloats(
    _ piece: OptimizerPiece<Float>, _ shape: MatrixShape, matrix: UnsafeMutablePointer<Float>
  ) {
    begin(piece, shape, matrix)
  }

  /// What comes behind them.
  package func finishFloats(
    _ piece: OptimizerPiece<Float>, _ shape: MatrixShape, matrix: UnsafeMutablePointer<Float>,
    learningRate: Double
  ) {
    finish(piece, shape, matrix, learningRate)
  }

  private func begin<Scalar: ReferenceScalar>(
    _ piece: OptimizerPiece<Scalar>, _ shape: MatrixShape, _ matrix: UnsafeMutablePointer<Scalar>
  ) {
    let (share, momentum) = (Scalar(1 - momentum), Scalar(momentum))
    shape.forEachPlace { place, inMatrix in
      let gradient = piece.gradient[place]
      piece.firstMoment[place] += share * (gradient - piece.firstMoment[place])
      matrix[inMatrix] = gradient + momentum * (piece.firstMoment[place] - gradient)
    }
    let norm = dotProduct(matrix, matrix, piece.count).squareRoot()
    let scale = 1 / max(norm, Scalar(Self.smallestNorm))
    for place in 0..<piece.count { matrix[place] *= scale }
  }

  private func finish<Scalar: ReferenceScalar>(
    _ piece: OptimizerPiece<Scalar>, _ shape: MatrixShape, _ matrix: UnsafePointer<Scalar>,
    _ learningRate: Double
  ) {
    let size = Scalar(learningRate * Self.updateSize * Double(shape.length).squareRoot())
    let decay = Scalar(learningRate * weightDecay)
    shape.forEachPlace { place, inMatrix in
      piece.values[place] -= decay * piece.values[place]
      piece.values[place] -= size * matrix[inMatrix]
    }
  }

  /// Each iteration is `X ← aX + (bG + cG²)X` with `G = XXᵀ`, on the side that is smaller.
  private func iterate<Scalar: ReferenceScalar>(
    _ matrix: UnsafeMutablePointer<Scalar>, _ side: Int, _ length: Int
  ) {
    // G, its polynomial and the new matrix.
    let count = 2 * side * side + side * length
    withUnsafeTemporaryAllocation(of: Scalar.self, capacity: count) { work in
      for _ in 0..<iterationCount {
        iterate(matrix, side, length, work: work.baseAddress!)
      }
    }
  }

  private func iterate<Scalar: ReferenceScalar>(
    _ matrix: UnsafeMutablePointer<Scalar>, _ side: Int, _ length: Int,
    work gram: UnsafeMutablePointer<Scalar>
  ) {
    let polynomial = gram + side * side
    let next = polynomial + side * side
    let (a, b, c) = (
      Scalar(Self.coefficients.a), Scalar(Self.coefficients.b), Scalar(Self.coefficients.c)
    )
    products(of: matrix, side, length, gram)
    // G is symmetric: its rows are its columns.
    products(of: gram, side, side, polynomial)
    for place in 0..<side * side {
      polynomial[place] = b * gram[place] + c * polynomial[place]
    }
    for row in 0..<side {
      let result = next + row * length
      let own = matrix + row * length
      for place in 0..<length { result[place] = a * own[place] }
      addProducts(of: polynomial + row * side, with: matrix, side, length, to: result)
    }
    matrix.update(from: next, count: side * length)
  }

  /// `result[i][j]` is the product of rows `i` and `j`.
  private func products<Scalar: ReferenceScalar>(
    of matrix: UnsafePointer<Scalar>, _ rows: Int, _ columns: Int,
    _ result: UnsafeMutablePointer<Scalar>
  ) {
    for i in 0..<rows {
      for j in 0...i {
        let product = dotProduct(matrix + i * columns, matrix + j * columns, columns)
        result[i * rows + j] = product
        result[j * rows + i] = product
      }
    }
  }

  /// `result[place] += Σ factors[row] · matrix[row][place]`, row by row.
  private func addProducts<Scalar: ReferenceScalar>(
    of factors: UnsafePointer<Scalar>, with matrix: UnsafePointer<Scalar>, _ rows: Int,
    _ columns: Int, to result: UnsafeMutablePointer<Scalar>
  ) {
    for row in 0..<rows {
      let values = matrix + row * columns
      for place in 0..<columns { result[place] += factors[row] * values[place] }
    }
  }
}

/// A weight `[rows, columns]` as a matrix that is at least as long as it is high.
package struct MatrixShape: Equatable, Sendable {
  package let rows: Int
  package let columns: Int

  /// A row for each output.
  package init(_ tensor: StateTensor) {
    rows = tensor.shape[0]
    columns = tensor.count / rows
  }

  package var side: Int { min(rows, columns) }
  package var length: Int { max(rows, columns) }

  /// Calls `body` with each place of the weight and its place in `[side, length]`.
  @inline(__always) fileprivate func forEachPlace(_ body: (_ place: Int, _ inMatrix: Int) -> Void) {
    let isTall = rows > columns
    for row in 0..<rows {
      for column in 0..<columns {
        let place = row * columns + column
        body(place, isTall ? column * rows + row : place)
      }
    }
  }
}

/// Eight sums side by side, which vectors can hold, then their sum.
private func dotProduct<Scalar: ReferenceScalar>(
  _ a: UnsafePointer<Scalar>, _ b: UnsafePointer<Scalar>, _ count: Int
) -> Scalar {
  var (s0, s1, s2, s3): (Scalar, Scalar, Scalar, Scalar) = (0, 0, 0, 0)
  var (s4, s5, s6, s7): (Scalar, Scalar, Scalar, Scalar) = (0, 0, 0, 0)
  var k = 0
  while k + 8 <= count {
    s0 += a[k] * b[k]
    s1 += a[k + 1] * b[k + 1]
    s2 += a[k + 2] * b[k + 2]
    s3 += a[k + 3] * b[k + 3]
    s4 += a[k + 4] * b[k + 4]
    s5 += a[k + 5] * b[k + 5]
    s6 += a[k + 6] * b[k + 6]
    s7 += a[k + 7] * b[k + 7]
    k += 8
  }
  while k < count {
    s0 += a[k] * b[k]
    k += 1
  }
  return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7))
}
