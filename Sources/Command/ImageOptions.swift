// `--input` and `--classes`: what a network is made for where no data says it.

import ArgumentParser
import PTrain

/// `3x32x32`: channels, height and width of an image.
struct InputSize: ExpressibleByArgument, Equatable {
  var shape: Shape

  init?(argument: String) {
    let numbers = argument.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 3, let channels = numbers[0], let height = numbers[1],
      let width = numbers[2], [1, 3].contains(channels), (1...1024).contains(height),
      (1...1024).contains(width)
    else { return nil }
    shape = Shape(channels: channels, height: height, width: width)
  }
}

struct ImageOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Channels (1 or 3), height and width of an image (default: those that the preset was made for, \
      else 1x28x28).
      """, valueName: "CxHxW"))
  var input: InputSize?

  @Option(
    help: ArgumentHelp(
      "Classes (default: those that the preset was made for, else 10).", valueName: "n"))
  var classes: Int?

  func validate() throws {
    guard (1...65_535).contains(classes ?? 1) else {
      throw ValidationError("--classes \(classes!): expected 1 to 65535")
    }
  }

  /// What the options say, else what the preset was made for, else MNIST's size.
  func size(for model: ModelOptions) -> (shape: Shape, classCount: Int) {
    let natural = try? ModelDescription.presetInput(named: model.name)
    let shape = input?.shape ?? natural?.shape ?? Shape(channels: 1, height: 28, width: 28)
    return (shape, classes ?? natural?.classCount ?? 10)
  }
}
