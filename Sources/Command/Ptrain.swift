// The command line: picks a subcommand, and turns whatever goes wrong into one line and an exit
// code of sysexits.h.

import ArgumentParser
import PTrainCLibrary
import PTrainDiagnostics
import PTrainMemory

@main struct Ptrain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ptrain",
    abstract: "Trains compact convolutional networks on the CPU, in parallel.",
    discussion: """
      The same seed gives the same model, bit for bit, at any number of threads and processes.

      Examples:
        ptrain --threads 2                       train the default model on MNIST
        ptrain --model eva8 --epochs 1           train another model for one epoch
        ptrain predict --model runs/X/model.safetensors digit.png
        ptrain eval --checkpoint runs/X/model.safetensors --per-class
        ptrain find-rate --model eva8            which learning rates suit it
        ptrain export --checkpoint runs/X/model.safetensors --output model.onnx
        ptrain report runs/X                     write the run's page again
        ptrain models                            list the presets
        ptrain summary --model eva8
        ptrain topology
        ptrain spreadsheet --output backpropagation.xlsx

      Without a subcommand, ptrain trains: see 'ptrain train --help' for the options.
      """,
    version: Build.text,
    subcommands: [
      Train.self, Predict.self, Eval.self, FindRate.self, Export.self, ReportCommand.self,
      Models.self, Summary.self, TopologyCommand.self, Bench.self,
    ] + spreadsheet,
    defaultSubcommand: Train.self)

  #if Spreadsheet
    private static let spreadsheet: [any ParsableCommand.Type] = [SpreadsheetCommand.self]
  #else
    private static let spreadsheet: [any ParsableCommand.Type] = []
  #endif

  static func main() {
    AddressSpace.shareHeapsWhereLimited()
    Terminal.prepare()
    do {
      try ArgumentBytes.check()
      var command = try parseAsRoot()
      try command.run()
      Job.finish()
    } catch {
      leave(with: error)
    }
  }

  /// Ends the process with one line on stderr, or with the help that was asked for on stdout.
  private static func leave(with error: any Error) -> Never {
    if let failure = error as? Failure { leave(failure.kind.exitCode, failure.line) }
    if let interruption = error as? Interruption {
      leave(interruption.exitCode, "interrupted; go on with: \(interruption.command)")
    }
    let code = exitCode(for: error)
    if code.isSuccess {
      print(fullMessage(for: error))
      PTrainCLibrary.exit(0)
    }
    leave(code.rawValue, "\(message(for: error)) (see 'ptrain \(commandPath) --help')")
  }

  private static func leave(_ code: Int32, _ message: String) -> Never {
    let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
    Job.waitForLeader()
    try? Terminal.writeRemark("ptrain: \(Job.rankPrefix)\(line)\n")
    Job.abort(status: code)
  }

  /// The subcommand that was asked for, down to the one whose help lists its options.
  private static var commandPath: String {
    var (path, command): ([String], any ParsableCommand.Type) = ([], Ptrain.self)
    for argument in CommandLine.arguments.dropFirst() {
      guard
        let next = command.configuration.subcommands.first(where: { name(of: $0) == argument })
      else { break }
      path.append(argument)
      command = next
    }
    return path.isEmpty ? name(of: Train.self) : path.joined(separator: " ")
  }

  /// A subcommand's name: given, or that of its type in the parser's spelling.
  private static func name(of command: any ParsableCommand.Type) -> String {
    command.configuration.commandName ?? "\(command)".lowercased()
  }
}
