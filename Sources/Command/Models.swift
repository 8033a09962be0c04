// `ptrain models`: the presets, or one of them as a description file.

import ArgumentParser
import PTrain
import PTrainArtifacts

struct Models: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Lists the presets, or prints one as a description file.",
    discussion: """
      A printed description can be edited and trained with --model FILE.yaml. Figures are those of \
      the images and classes that a preset was made for; it takes others too.

      Examples:
        ptrain models
        ptrain models resnet8 > mine.yaml
      """)

  @Argument(help: ArgumentHelp("The preset to print.", valueName: "name"))
  var name: String?

  func run() throws {
    if let name {
      try Terminal.writeResult(ModelDescription.presetYAML(named: name))
      return
    }
    var rows = [["model", "input", "classes", "parameters", "multiply-adds"]]
    for name in ModelDescription.presetNames {
      let input = try ModelDescription.presetInput(named: name)
      let network = try Network(
        description: .preset(named: name), input: input.shape, classCount: input.classCount)
      rows.append([
        name, "\(input.shape.channels)x\(input.shape.height)x\(input.shape.width)",
        "\(input.classCount)", grouped(network.layout.parameterCount),
        grouped(network.multiplyAdds),
      ])
    }
    let widths = (0..<5).map { column in rows.map { $0[column].count }.max()! }
    let lines = rows.map { row in
      row.enumerated().map { column, cell in
        column == 0
          ? cell + String(repeating: " ", count: widths[0] - cell.count)
          : cell.leftPadded(to: widths[column])
      }.joined(separator: "  ")
    }
    try Terminal.writeResult(lines.joined(separator: "\n") + "\n")
  }
}
