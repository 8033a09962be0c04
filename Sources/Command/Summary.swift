// `ptrain summary`: a model's layers, shapes and parameters.

import ArgumentParser
import PTrain
import PTrainArtifacts
import PTrainEngine

struct Summary: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints a model's layers, shapes and parameters as torchsummary does.",
    discussion: """
      A network that 'ptrain train' cannot train is refused here too.

      Example:
        ptrain summary --model eva8
        ptrain summary --model resnet8 --input 1x28x28
      """)

  @OptionGroup(title: "Model") var model: ModelOptions
  @OptionGroup(title: "Model") var images: ImageOptions

  func run() throws {
    let description = try model.description()
    let size = images.size(for: model)
    let network = try Network(
      description: description, input: size.shape, classCount: size.classCount)
    _ = try Plan(network)
    try Terminal.writeResult(ModelSummary(network).text)
  }
}
