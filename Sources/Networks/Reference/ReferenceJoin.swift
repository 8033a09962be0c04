// What joins two values of a graph: sum, channels behind channels, product.
// Every input has a gradient of its own; the network adds those of one value.

extension Reference {
  /// `y = a + b`; `da = dy`, `db = dy`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func addForward(_ a: [Scalar], _ b: [Scalar]) -> [Scalar] { zip(a, b).map(+) }

  /// `y[n] = parts[0][n], parts[1][n], …`: channels are what varies slowest in a sample.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func concatenateForward(_ parts: [[Scalar]], samples: Int) -> [Scalar] {
    var y: [Scalar] = []
    y.reserveCapacity(parts.reduce(0) { $0 + $1.count })
    for sample in 0..<samples {
      for part in parts {
        let size = part.count / samples
        y += part[sample * size..<(sample + 1) * size]
      }
    }
    return y
  }

  /// `dparts[i][n]` is the part of `dy[n]` where `parts[i][n]` stands; `sizes` are of one sample.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func concatenateBackward(sizes: [Int], dy: [Scalar]) -> [[Scalar]] {
    let whole = sizes.reduce(0, +)
    var first = 0
    return sizes.map { size in
      defer { first += size }
      return (0..<dy.count / whole).flatMap { sample in
        dy[sample * whole + first..<sample * whole + first + size]
      }
    }
  }

  /// `y[n,c,i,j] = x[n,c,i,j] · factor[n,c]`, or `· factor[n,c,i,j]` where there are as many.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func multiplyForward(x: [Scalar], factor: [Scalar]) -> [Scalar] {
    let pixels = x.count / factor.count
    return x.indices.map { x[$0] * factor[$0 / pixels] }
  }

  /// `dx = dy · factor`, `dfactor = Σ dy · x` over the values that a factor meets.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func multiplyBackward(
    x: [Scalar], factor: [Scalar], dy: [Scalar]
  ) -> (x: [Scalar], factor: [Scalar]) {
    let pixels = x.count / factor.count
    var dFactor = [Scalar](repeating: 0, count: factor.count)
    for place in x.indices { dFactor[place / pixels] += dy[place] * x[place] }
    return (multiplyForward(x: dy, factor: factor), dFactor)
  }
}
