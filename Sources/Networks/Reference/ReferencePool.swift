// Max-pooling and global average pooling.
// Max-pooling keeps the place of each maximum; the first of equal ones gets the gradient.

extension Reference {
  /// `y[n,c,i,j] = max x[n,c, i·size + 0…size−1, j·size + 0…size−1]`; `places` are the maxima's
  /// indices in `x`. Rows and columns that do not fill a window are dropped.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func maxPoolForward(
    shape: Shape, size: Int, x: [Scalar]
  ) -> (y: [Scalar], places: [Int]) {
    let (height, width) = (shape.height / size, shape.width / size)
    let planes = x.count / (shape.height * shape.width)
    var places: [Int] = []
    places.reserveCapacity(planes * height * width)
    for plane in 0..<planes {
      for pixel in 0..<height * width {
        let (i, j) = (pixel / width, pixel % width)
        let corner = (plane * shape.height + i * size) * shape.width + j * size
        places.append(largest(in: x, corner: corner, size: size, rowStride: shape.width))
      }
    }
    return (places.map { x[$0] }, places)
  }

  @inline(__always)
  private static func largest(
    in x: [Scalar], corner: Int, size: Int, rowStride: Int
  ) -> Int {
    var best = corner
    for i in 0..<size {
      for place in corner + i * rowStride..<corner + i * rowStride + size where x[place] > x[best] {
        best = place
      }
    }
    return best
  }

  /// `dx` is `dy` at the maximum of each window, 0 elsewhere.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func maxPoolBackward(
    inputCount: Int, places: [Int], dy: [Scalar]
  ) -> [Scalar] {
    var dx = [Scalar](repeating: 0, count: inputCount)
    for (place, gradient) in zip(places, dy) { dx[place] += gradient }
    return dx
  }

  /// `y[n,c] = Σ x[n,c,i,j] / (H·W)`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func averagePoolForward(shape: Shape, x: [Scalar]) -> [Scalar] {
    let pixels = shape.height * shape.width
    return (0..<x.count / pixels).map { plane in
      x[plane * pixels..<(plane + 1) * pixels].reduce(0, +) / Scalar(pixels)
    }
  }

  /// `dx[n,c,i,j] = dy[n,c] / (H·W)`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func averagePoolBackward(shape: Shape, dy: [Scalar]) -> [Scalar] {
    let pixels = shape.height * shape.width
    return (0..<dy.count * pixels).map { dy[$0 / pixels] / Scalar(pixels) }
  }
}
