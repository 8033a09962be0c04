// Every height of a register tile, and one row less and more, against plain loops in Double.
// Rows of a product are pixels of a 1x1 convolution or tiles of a Winograd one; columns its blocks.
import PTrainKernelTypes
import Testing

/// Up to twice the largest tile and a row, so that each height stands alone, meets its like, and is
/// moved back over its neighbour.
private let rowCounts = 1...57

/// Output channels of half a block, of one, of one and a half, of two that share a tile, and of two and a
/// half.
private let columnCounts = [8, 16, 24, 32, 35]

private func checkAgainstLoops(_ c: ConvolutionCase, tolerance: Double) {
  let reference = ConvolutionReference(c)
  let expected = reference.compute()
  check(
    c.testDescription, tolerance: tolerance,
    expected: ["z": expected.z, "dx": expected.dx, "dw": expected.dw]
  ) {
    let found = reference.run($0)
    return [found.z, found.dx, found.dw]
  }
}

/// Forward, input gradient (its columns are the inputs) and the sums of outer products.
@Test(arguments: rowCounts)
func directTilesMatchPlainLoops(rows: Int) {
  for columns in columnCounts {
    checkAgainstLoops(
      .init(columns, columns, 1, rows, kernel: 1, padding: 0), tolerance: 1e-6)
  }
}

/// Rows that do not lie side by side, in segments of several taps.
@Test(arguments: rowCounts)
func stridedTilesMatchPlainLoops(rows: Int) {
  for columns in columnCounts {
    checkAgainstLoops(
      .init(9, columns, 3, 2 * rows + 1, kernel: 3, stride: 2, padding: 0), tolerance: 1e-6)
  }
}

/// A row is a window of 4 x 4 pixels; a call takes the images that the storage names.
@Test(arguments: 1...8)
func winogradTilesMatchPlainLoops(windows: Int) {
  for columns in columnCounts {
    for width in [4 * windows, 4 * windows + 2] {
      var c = ConvolutionCase(columns, columns, 4, width)
      let group = variants[0].convStorage(c.geometry).imageGroup
      for images in 1...group {
        c.images = images
        checkAgainstLoops(c, tolerance: 1e-5)
      }
    }
  }
}
