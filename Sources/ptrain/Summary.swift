// `ptrain summary`: a model's layers, shapes and parameters.

import ArgumentParser
import Artifacts
import Networks

struct Summary: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints a model's layers, shapes and parameters as torchsummary does.",
    discussion: """
      Sizes are for images of 28 x 28 pixels in 10 classes, as MNIST has.

      Example:
        ptrain summary --model eva8
      """)

  @OptionGroup var model: ModelOptions

  func run() throws {
    let network = try Network(
      description: model.description(), input: Shape(channels: 1, height: 28, width: 28),
      classCount: 10)
    try Terminal.writeResult(ModelSummary(network).text)
  }
}
