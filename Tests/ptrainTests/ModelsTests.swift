// `ptrain models` and `ptrain summary`: what they print, and their help screens to the character.

import Networks
import Testing

@Suite struct ModelsTests {
  @Test func models() throws {
    #expect(
      try help(["models"]) == """
        OVERVIEW: Lists the presets, or prints one as a description file.

        A printed description can be edited and trained with --model FILE.yaml. Figures
        are those of the images and classes that a preset was made for; it takes others
        too.

        Examples:
          ptrain models
          ptrain models resnet8 > mine.yaml

        USAGE: ptrain models [<name>]

        ARGUMENTS:
          <name>                  The preset to print.

        OPTIONS:
          --version               Show the version.
          -h, --help              Show help information.


        """)
  }

  @Test func summary() throws {
    #expect(
      try help(["summary"]) == """
        OVERVIEW: Prints a model's layers, shapes and parameters as torchsummary does.

        A network that 'ptrain train' cannot train is refused here too.

        Example:
          ptrain summary --model eva8
          ptrain summary --model resnet8 --input 1x28x28

        USAGE: ptrain summary [--model <name|file.yaml>] [--input <CxHxW>] [--classes <n>]

        OPTIONS:
          --model <name|file.yaml>
                                  A preset (see 'ptrain models') or a description file
                                  (default: compact).
          --input <CxHxW>         Channels (1 or 3), height and width of an image
                                  (default: those that the preset was made for, else
                                  1x28x28).
          --classes <n>           Classes (default: those that the preset was made for,
                                  else 10).
          --version               Show the version.
          -h, --help              Show help information.


        """)
  }

  @Test func listsEveryPresetWithItsFigures() throws {
    let run = try CommandLineRun(["models"], in: Scratch())
    #expect(run.exitCode == 0 && run.errors == "")
    let rows = run.output.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(rows[0] == ["model", "input", "classes", "parameters", "multiply-adds"])
    #expect(rows.dropFirst().map { $0[0] } == ModelDescription.presetNames)
    #expect(rows.contains(["lenet5", "1x28x28", "10", "61,706", "416,520"]))
  }

  @Test(arguments: ModelDescription.presetNames)
  func aPrintedPresetReadsBack(name: String) throws {
    let run = try CommandLineRun(["models", name], in: Scratch())
    #expect(run.exitCode == 0 && run.errors == "")
    #expect(
      try ModelDescription.parse(yaml: run.output, source: name) == .preset(named: name))
  }

  @Test func sizesAreTheUsersOwn() throws {
    let run = try CommandLineRun(
      ["summary", "--model", "lenet5", "--input", "3x20x24", "--classes", "4"], in: Scratch())
    #expect(run.exitCode == 0 && run.output.contains("[-1, 6, 20, 24]"))
    for wrong in ["2x8x8", "3x8", "3x0x8", "3x8x2000"] {
      let run = try CommandLineRun(["summary", "--input", wrong], in: Scratch())
      #expect(run.exitCode == 64 && run.errors.contains("--input"))
    }
  }
}
