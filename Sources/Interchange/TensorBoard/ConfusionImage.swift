// A confusion matrix as a picture: the darker a square, the larger the share of its row's class.

import FoundationEssentials
import PTrainEngine
import PTrainImageFiles

/// Squares `[class, answer]` on white, with a line around those on the diagonal.
struct ConfusionImage {
  private let matrix: ConfusionMatrix
  /// Pixels of a square's side.
  private let side: Int

  init(_ matrix: ConfusionMatrix) {
    self.matrix = matrix
    side = max(4, min(32, 960 / max(1, matrix.classCount)))
  }

  func picture() throws -> Tensorboard_Summary.Image {
    let size = side * matrix.classCount
    let png = try DecodedImage(height: size, width: size, channels: 3, bytes: bytes).pngBytes()
    return .with {
      ($0.height, $0.width, $0.colorspace) = (Int32(size), Int32(size), 3)
      $0.encodedImageString = Data(png)
    }
  }

  private var bytes: [UInt8] {
    (0..<matrix.classCount).flatMap { row in
      let colors = (0..<matrix.classCount).map { color(row, $0) }
      return (0..<side).flatMap { y in
        (0..<matrix.classCount).flatMap { column in
          (0..<side).flatMap { x -> [UInt8] in
            let isEdge = min(x, y) == 0 || max(x, y) == side - 1
            return row == column && isEdge ? [0x30, 0x30, 0x30] : colors[column]
          }
        }
      }
    }
  }

  /// White for no image, through blue; the square root makes a few mistakes of many images visible.
  private func color(_ row: Int, _ column: Int) -> [UInt8] {
    let count = matrix.sampleCount(of: row)
    let share = count == 0 ? 0 : (Double(matrix[row, column]) / Double(count)).squareRoot()
    return [(255.0, 8.0), (255.0, 48.0), (255.0, 107.0)].map { light, dark in
      UInt8(light + share * (dark - light))
    }
  }
}
