// Pools over windows and over whole planes.
// Max-pooling keeps the place of each maximum; the first of equal ones gets the gradient.

/// Sizes of a pool; every sample and channel is a plane of its own.
package struct ReferencePoolSizes: Equatable, Sendable {
  package var input: Shape
  package var output: Shape
  package var window: Window

  package init(input: Shape, output: Shape, window: Window) {
    (self.input, self.output, self.window) = (input, output, window)
  }

  /// Square windows side by side; rows and columns that do not fill one are dropped.
  package init(input: Shape, size: Int) {
    self.init(
      input: input,
      output: Shape(
        channels: input.channels, height: input.height / size, width: input.width / size),
      window: Window(height: size, width: size, verticalStride: size, horizontalStride: size))
  }

  /// One window over a whole plane.
  package init(whole input: Shape) {
    self.init(
      input: input, output: Shape(channels: input.channels),
      window: Window(height: input.height, width: input.width))
  }

  /// The places of each output's window that lie inside the image, row by row.
  @inline(__always)
  fileprivate func forEachWindow(
    planes: Int, _ body: (_ output: Int, _ rows: Range<Int>, _ columns: Range<Int>) -> Void
  ) {
    for output in 0..<planes * self.output.height * self.output.width {
      let pixel = output % (self.output.height * self.output.width)
      let top = pixel / self.output.width * window.verticalStride - window.padding.top
      let left = pixel % self.output.width * window.horizontalStride - window.padding.left
      let plane = output / (self.output.height * self.output.width) * input.height
      body(
        output, plane + max(top, 0)..<plane + min(top + window.height, input.height),
        max(left, 0)..<min(left + window.width, input.width))
    }
  }
}

extension Reference {
  /// `y[n,c,i,j] = max x[n,c, i·stride − padding + 0…height−1, j·…]` over what lies inside the image;
  /// `places` are the maxima's indices in `x`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func maxPoolForward(
    _ sizes: ReferencePoolSizes, x: [Scalar]
  ) -> (y: [Scalar], places: [Int]) {
    let (planes, width) = (x.count / (sizes.input.height * sizes.input.width), sizes.input.width)
    var places: [Int] = []
    places.reserveCapacity(planes * sizes.output.height * sizes.output.width)
    sizes.forEachWindow(planes: planes) { _, rows, columns in
      var best = rows.lowerBound * width + columns.lowerBound
      for row in rows {
        for place in row * width + columns.lowerBound..<row * width + columns.upperBound
        where place != best && !(x[place] <= x[best]) {
          // Not `x[place] > x[best]`: behind a NaN the search begins anew, as in the kernels.
          best = place
        }
      }
      places.append(best)
    }
    return (places.map { x[$0] }, places)
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

  /// `y[n,c,i,j] = Σ x[n,c,…] / m` over the `m` values of the window that lie inside the image.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func averagePoolForward(_ sizes: ReferencePoolSizes, x: [Scalar]) -> [Scalar] {
    let (planes, width) = (x.count / (sizes.input.height * sizes.input.width), sizes.input.width)
    var y: [Scalar] = []
    y.reserveCapacity(planes * sizes.output.height * sizes.output.width)
    sizes.forEachWindow(planes: planes) { _, rows, columns in
      var sum: Scalar = 0
      for row in rows { for column in columns { sum += x[row * width + column] } }
      y.append(sum / Scalar(rows.count * columns.count))
    }
    return y
  }

  /// `dx[n,c,…] = Σ dy[n,c,i,j] / m` over the windows that hold the place.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func averagePoolBackward(_ sizes: ReferencePoolSizes, dy: [Scalar]) -> [Scalar] {
    let planes = dy.count / (sizes.output.height * sizes.output.width)
    let width = sizes.input.width
    var dx = [Scalar](repeating: 0, count: planes * sizes.input.height * width)
    sizes.forEachWindow(planes: planes) { output, rows, columns in
      let share = dy[output] / Scalar(rows.count * columns.count)
      for row in rows { for column in columns { dx[row * width + column] += share } }
    }
    return dx
  }
}
