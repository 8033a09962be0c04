// Eigenvectors of a symmetric matrix by Jacobi's rotations (1846), one after the other in Double.
// Roots, products and sums in one order: the same bits on every machine.

/// Eigenvalues and eigenvectors of a symmetric matrix.
package struct Eigenvectors: Equatable, Sendable {
  /// Falling.
  package let values: [Double]
  /// One an eigenvalue, each of length 1 and orthogonal to the others; the first of its largest components
  /// is positive.
  package let vectors: [[Double]]

  /// More rounds than any matrix needs: the error is squared from round to round.
  private static let roundLimit = 60

  /// Of a matrix `[size, size]`; values are exact to rounding of the largest one.
  package init(ofSymmetric matrix: [Double], size: Int) {
    precondition(matrix.count == size * size)
    var matrix = matrix
    var rows = (0..<size).map { row in (0..<size).map { $0 == row ? 1.0 : 0 } }
    let largest = (0..<size).reduce(0) { max($0, abs(matrix[$1 * size + $1])) }
    for _ in 0..<Self.roundLimit {
      var isDiagonal = true
      for p in 0..<size {
        for q in p + 1..<max(size, p + 1) where abs(matrix[p * size + q]) > 0x1p-54 * largest {
          isDiagonal = false
          Self.rotate(p, q, &matrix, size, &rows)
        }
      }
      if isDiagonal { break }
    }
    let diagonal = (0..<size).map { matrix[$0 * size + $0] }
    let order = (0..<size).sorted { (diagonal[$1], $0) < (diagonal[$0], $1) }
    values = order.map { diagonal[$0] }
    vectors = order.map { index in
      let row = rows[index]
      let top = row.indices.reduce(0) { abs(row[$1]) > abs(row[$0]) ? $1 : $0 }
      return row[top] < 0 ? row.map { -$0 } : row
    }
  }

  /// Turns the plane of two axes so that the matrix has a zero for them.
  private static func rotate(
    _ p: Int, _ q: Int, _ matrix: inout [Double], _ size: Int, _ rows: inout [[Double]]
  ) {
    let product = matrix[p * size + q]
    let slope = (matrix[q * size + q] - matrix[p * size + p]) / (2 * product)
    let tangent = (slope < 0 ? -1 : 1) / (abs(slope) + (slope * slope + 1).squareRoot())
    let cosine = 1 / (tangent * tangent + 1).squareRoot()
    let sine = tangent * cosine
    func turn(_ first: inout Double, _ second: inout Double) {
      (first, second) = (cosine * first - sine * second, sine * first + cosine * second)
    }
    for k in 0..<size {
      var (first, second) = (matrix[k * size + p], matrix[k * size + q])
      turn(&first, &second)
      (matrix[k * size + p], matrix[k * size + q]) = (first, second)
    }
    for k in 0..<size {
      var (first, second) = (matrix[p * size + k], matrix[q * size + k])
      turn(&first, &second)
      (matrix[p * size + k], matrix[q * size + k]) = (first, second)
      (first, second) = (rows[p][k], rows[q][k])
      turn(&first, &second)
      (rows[p][k], rows[q][k]) = (first, second)
    }
    (matrix[p * size + q], matrix[q * size + p]) = (0, 0)
  }
}
