// The part of each window that lies inside the image: what pools read.
// A window over the edge is a smaller window.
import PTrainKernelTypes

/// Rows and columns of one output's window inside the image; places in floats.
struct WindowPart {
  /// Of its first pixel in the input and of its output.
  let input: Int
  let output: Int
  let rows: Int
  let columns: Int
  /// From a row of the input to the next.
  let rowStride: Int

  /// Its pixels' places in the input, row by row.
  @inline(__always) func pixels(_ body: (Int) -> Void) {
    var row = 0
    while row < rows {
      var place = input + row * rowStride
      let end = place + columns * lanes
      while place < end {
        body(place)
        place += lanes
      }
      row += 1
    }
  }

  /// The number of its pixels.
  @inline(__always) var count: Lanes { Lanes(repeating: Float(rows * columns)) }
}

/// A window along one axis: where it starts and how long it is inside the image.
@inline(__always) private func span(
  _ output: Int, stride: Int, window: Int, padding: Int, size: Int
) -> (first: Int, count: Int) {
  let first = output * stride - padding
  let start = first < 0 ? 0 : first
  let end = first + window < size ? first + window : size
  return (start, end - start)
}

/// The parts of all windows in the order of the outputs.
@inline(__always) func windowParts(
  _ geometry: borrowing WindowGeometry, _ body: (WindowPart) -> Void
) {
  let (height, width) = (geometry.outputHeight, geometry.outputWidth)
  var output = 0
  var block = 0
  while block < geometry.blocks {
    var y = 0
    while y < height {
      let rows = span(
        y, stride: geometry.verticalStride, window: geometry.windowHeight,
        padding: geometry.padding.top, size: geometry.height)
      let row = (block * geometry.height + rows.first) * geometry.width
      var x = 0
      while x < width {
        let columns = span(
          x, stride: geometry.horizontalStride, window: geometry.windowWidth,
          padding: geometry.padding.left, size: geometry.width)
        body(
          WindowPart(
            input: (row + columns.first) * lanes, output: output, rows: rows.count,
            columns: columns.count, rowStride: geometry.width * lanes))
        output += lanes
        x += 1
      }
      y += 1
    }
    block += 1
  }
}
