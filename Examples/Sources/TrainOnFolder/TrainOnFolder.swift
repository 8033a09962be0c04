// Trains a network of one's own on a folder of pictures, one folder a class, and keeps the model.
//
//     TrainOnFolder photos model.safetensors

import PTrain

@main struct TrainOnFolder {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 3 else {
      return print("usage: TrainOnFolder FOLDER MODEL.safetensors")
    }
    var reading = ReadingOptions()
    reading.preparation.size = ImageSize(height: 32, width: 32)
    let dataset = try Dataset(at: arguments[1], reading)
    print("\(dataset.training.count) images of \(dataset.classNames.joined(separator: ", "))")

    let trainer = try Trainer(network, on: dataset)
    let model = try trainer.run { event in
      guard case .epoch(let epoch) = event else { return }
      print("epoch \(epoch.epoch): \(epoch.test.correctCount) of \(epoch.test.sampleCount) right")
    }
    try model.write(to: arguments[2])
    print("\(model.parameterCount) parameters, digest \(model.digest.prefix(16))")
  }

  static var network: ModelDescription {
    var recipe = Recipe()
    (recipe.epochs, recipe.batchSize, recipe.learningRate) = (4, 32, 0.003)
    recipe.augment = [.flip(FlipAugmentation())]
    return ModelDescription("pictures", recipe: recipe) {
      for filters in [16, 32] {
        Layer.conv(filters, padding: 1, bias: false)
        Layer.batchNorm
        Layer.relu
        Layer.maxPool(size: 2)
      }
      Layer.residual {
        Layer.conv(32, padding: 1)
        Layer.relu
      }
      Layer.globalAveragePool
      Layer.classes
    }
  }
}
