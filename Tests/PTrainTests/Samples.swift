// Images in memory that a small network tells apart: bright above or below the middle.

import PTrain

enum Samples {
  static let classNames = ["above", "below"]

  /// Grey images of 12 x 12 pixels; the last bits of each differ.
  static func set(_ count: Int, first: Int = 0) throws -> ImageSet {
    var pixels: [UInt8] = []
    for sample in first..<first + count {
      for y in 0..<12 {
        for x in 0..<12 {
          let isBright = (y < 6) == (sample % 2 == 0)
          pixels.append(UInt8((isBright ? 160 : 20) + (sample * 31 + y * 7 + x * 13) % 61))
        }
      }
    }
    return try ImageSet(
      height: 12, width: 12, images: pixels,
      labels: (first..<first + count).map { UInt16($0 % 2) }, classNames: classNames)
  }

  static func dataset() throws -> Dataset {
    try Dataset(name: "halves", training: try set(96), test: try set(32, first: 96))
  }

  static func network(epochs: Int = 2) -> ModelDescription {
    var recipe = Recipe()
    (recipe.epochs, recipe.batchSize, recipe.learningRate) = (epochs, 16, 0.01)
    return ModelDescription("halves", recipe: recipe) {
      Layer.conv(8, padding: 1)
      Layer.batchNorm
      Layer.relu
      Layer.maxPool(size: 2)
      Layer.residual {
        Layer.conv(8, padding: 1)
        Layer.relu
      }
      Layer.globalAveragePool
      Layer.classes
    }
  }
}
