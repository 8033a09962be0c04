// 2-D convolution (cross-correlation, as every framework calls it) and its gradients.
// Forward and both gradients walk the same rows; only what happens in a row differs.

/// Sizes of a convolution over `count` samples.
package struct ReferenceConvSizes: Equatable, Sendable {
  package var count: Int
  package var input: Shape
  package var output: Shape
  package var window: Window
  /// Channels of one group meet the filters of that group alone.
  package var groups: Int

  package init(count: Int, input: Shape, output: Shape, window: Window, groups: Int = 1) {
    (self.count, self.input, self.output) = (count, input, output)
    (self.window, self.groups) = (window, groups)
  }

  /// A square kernel with the same padding on all sides.
  package init(count: Int, input: Shape, filters: Int, kernel: Int, stride: Int, padding: Int) {
    self.init(
      count: count, input: input,
      output: Shape(
        channels: filters, height: (input.height + 2 * padding - kernel) / stride + 1,
        width: (input.width + 2 * padding - kernel) / stride + 1),
      window: Window(
        height: kernel, width: kernel, verticalStride: stride, horizontalStride: stride,
        padding: Padding(top: padding, left: padding, bottom: padding, right: padding)))
  }

  /// Input channels of a group.
  var depth: Int { input.channels / groups }
  var weightCount: Int { output.channels * depth * window.height * window.width }
}

/// One weight over one output row: outputs `output ..< output + count` meet inputs `input`,
/// `input + stride`, …; places outside the image are left out.
private struct ConvRow {
  var weight: Int
  var input: Int
  var output: Int
  var count: Int
}

extension ReferenceConvSizes {
  @inline(__always)
  fileprivate func forEachRow(_ body: (ConvRow) -> Void) {
    let taps = window.height * window.width
    for sample in 0..<count {
      for filter in 0..<output.channels {
        let first = filter / (output.channels / groups) * depth
        for channel in 0..<depth {
          for tap in 0..<taps {
            let weight = (filter * depth + channel) * taps + tap
            forEachRow(
              ConvRow(
                weight: weight, input: (sample * input.channels + first + channel) * input.height,
                output: (sample * output.channels + filter) * output.height, count: 0),
              i: tap / window.width * window.dilation - window.padding.top,
              j: tap % window.width * window.dilation - window.padding.left, body)
          }
        }
      }
    }
  }

  /// The rows of the weight that meets input `(y·stride + i, x·stride + j)`; `plane` holds the first
  /// rows of the planes.
  @inline(__always)
  private func forEachRow(_ plane: ConvRow, i: Int, j: Int, _ body: (ConvRow) -> Void) {
    let stride = window.horizontalStride
    let rows = places(i, window.verticalStride, extent: input.height, outputs: output.height)
    let columns = places(j, stride, extent: input.width, outputs: output.width)
    guard !columns.isEmpty else { return }
    for y in rows {
      let inputRow = (plane.input + y * window.verticalStride + i) * input.width
      body(
        ConvRow(
          weight: plane.weight, input: inputRow + columns.lowerBound * stride + j,
          output: (plane.output + y) * output.width + columns.lowerBound, count: columns.count))
    }
  }

  /// Outputs `o` along one axis whose input `o·stride + offset` lies inside the image.
  @inline(__always)
  private func places(_ offset: Int, _ stride: Int, extent: Int, outputs: Int) -> Range<Int> {
    let first = offset >= 0 ? 0 : (stride - 1 - offset) / stride
    let reach = extent - 1 - offset
    let end = reach < 0 ? 0 : min(outputs, reach / stride + 1)
    return first..<max(first, end)
  }
}

extension Reference {
  package typealias ConvGradient = (weights: [Scalar], bias: [Scalar], input: [Scalar]?)

  /// `z[n,o,y,x] = bias[o] + Σ weights[o,c,i,j] · x[n,g+c, y·stride + i·dilation − padding, x·…]`
  /// over the taps inside the image, `g` the first channel of the filter's group.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func convForward(
    _ sizes: ReferenceConvSizes, x: [Scalar], weights: [Scalar], bias: [Scalar]?
  ) -> [Scalar] {
    let pixels = sizes.output.height * sizes.output.width
    var z = [Scalar](repeating: 0, count: sizes.count * sizes.output.count)
    if let bias {
      for place in z.indices { z[place] = bias[place / pixels % sizes.output.channels] }
    }
    let stride = sizes.window.horizontalStride
    sizes.forEachRow { row in
      let weight = weights[row.weight]
      for k in 0..<row.count { z[row.output + k] += weight * x[row.input + k * stride] }
    }
    return z
  }

  /// `dweights[o,c,i,j] = Σ dz[n,o,y,x] · x[n,c,…]`, `dbias[o] = Σ dz[n,o,y,x]`,
  /// `dx[n,c,…] = Σ weights[o,c,i,j] · dz[n,o,y,x]`.
  package static func convBackward(
    _ sizes: ReferenceConvSizes, x: [Scalar], weights: [Scalar], dz: [Scalar], wantsInput: Bool
  ) -> ConvGradient {
    let bias = channelSums(dz, shape: sizes.output)
    return (
      convWeightGradient(sizes, x: x, dz: dz), bias,
      wantsInput ? convInputGradient(sizes, weights: weights, dz: dz) : nil
    )
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private static func convWeightGradient(
    _ sizes: ReferenceConvSizes, x: [Scalar], dz: [Scalar]
  ) -> [Scalar] {
    var gradient = [Scalar](repeating: 0, count: sizes.weightCount)
    let stride = sizes.window.horizontalStride
    sizes.forEachRow { row in
      var sum: Scalar = 0
      for k in 0..<row.count { sum += dz[row.output + k] * x[row.input + k * stride] }
      gradient[row.weight] += sum
    }
    return gradient
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private static func convInputGradient(
    _ sizes: ReferenceConvSizes, weights: [Scalar], dz: [Scalar]
  ) -> [Scalar] {
    var dx = [Scalar](repeating: 0, count: sizes.count * sizes.input.count)
    let stride = sizes.window.horizontalStride
    sizes.forEachRow { row in
      let weight = weights[row.weight]
      for k in 0..<row.count { dx[row.input + k * stride] += weight * dz[row.output + k] }
    }
    return dx
  }

  /// Sums of `[N, C, H, W]` per channel.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  static func channelSums(_ values: [Scalar], shape: Shape) -> [Scalar] {
    let pixels = shape.height * shape.width
    var sums = [Scalar](repeating: 0, count: shape.channels)
    for place in values.indices { sums[place / pixels % shape.channels] += values[place] }
    return sums
  }
}
