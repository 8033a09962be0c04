// Eigenvectors by what they are: the matrix stretches them, and they are orthogonal.

import PTrainMemory
import Testing

@testable import PTrainNetworks

@Suite struct EigenvectorsTests {
  /// `A·Aᵀ` of numbers of the stream; of rank `rank`.
  private func matrix(_ size: Int, rank: Int, seed: UInt64) -> [Double] {
    let stream = RandomStream(seed: seed, purpose: .shuffle)
    let factors = (0..<size * rank).map { Double(stream.uniform(element: $0)) - 0.3 }
    return (0..<size * size).map { place in
      let (row, column) = place.quotientAndRemainder(dividingBy: size)
      return (0..<rank).reduce(0) {
        $0 + factors[row * rank + $1] * factors[column * rank + $1]
      }
    }
  }

  private func product(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }

  @Test(arguments: [(1, 1), (2, 2), (3, 1), (12, 12), (27, 20), (75, 75)])
  func theMatrixStretchesThem(size: Int, rank: Int) {
    let matrix = matrix(size, rank: rank, seed: UInt64(size))
    let found = Eigenvectors(ofSymmetric: matrix, size: size)
    let largest = found.values[0]
    #expect(found.values == found.values.sorted(by: >))
    for (index, vector) in found.vectors.enumerated() {
      for row in 0..<size {
        let stretched = product(Array(matrix[row * size..<(row + 1) * size]), vector)
        #expect(abs(stretched - found.values[index] * vector[row]) < 1e-13 * largest)
      }
      for other in 0...index {
        let expected = other == index ? 1.0 : 0
        #expect(abs(product(vector, found.vectors[other]) - expected) < 1e-13)
      }
      #expect(vector.max()! >= -vector.min()!)
    }
    #expect(found.values.dropFirst(rank).allSatisfy { abs($0) < 1e-13 * largest })
  }

  /// Equal eigenvalues keep the order of the axes.
  @Test func aDiagonalMatrixHasItsAxes() {
    let found = Eigenvectors(ofSymmetric: [2, 0, 0, 0, 5, 0, 0, 0, 2], size: 3)
    #expect(found.values == [5, 2, 2])
    #expect(found.vectors == [[0, 1, 0], [1, 0, 0], [0, 0, 1]])
    let nothing = Eigenvectors(ofSymmetric: [0, 0, 0, 0], size: 2)
    #expect(nothing.values == [0, 0] && nothing.vectors == [[1, 0], [0, 1]])
  }

  /// Pinned: other bits would be other weights.
  @Test func bitsStayTheSame() {
    let found = Eigenvectors(ofSymmetric: [4, 1, -2, 1, 3, 0.5, -2, 0.5, 1], size: 3)
    #expect(
      found.values.map(\.bitPattern)
        == [0x4014_df2f_cc78_e186, 0x4008_46f8_c023_f636, 0xbfd0_2ac2_c8ad_ca5d])
  }
}
