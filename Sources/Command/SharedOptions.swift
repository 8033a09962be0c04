// Options that several subcommands share, so that they mean and refuse the same everywhere.

import ArgumentParser
import PTrain
import PTrainCLibrary
import PTrainEngine
import PTrainFoundation

/// `--model`.
struct ModelOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      A preset (see 'ptrain models') or a description file (default: \(Self.defaultName)).
      """, valueName: "name|file.yaml"), completion: .model)
  var model: String?

  private static let defaultName = "compact"

  init() {}

  init(model: String) { self.model = model }

  /// The description that the option names.
  func description() throws -> ModelDescription { try .load(nameOrFile: name) }

  /// A preset's name or a file's path.
  var name: String { model ?? Self.defaultName }
}

/// Refuses to use no samples at all.
func checkLimit(_ option: String, _ count: Int?) throws {
  guard count ?? 1 >= 1 else { throw ValidationError("\(option) \(count!): expected 1 or more") }
}

enum NUMAMode: String, CaseIterable, ExpressibleByArgument { case auto, off }

/// `--threads` and `--numa`.
struct MachineOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Worker threads of each process (default: the physical cores that this process may use, within \
      its CPU quota).
      """, valueName: "n"))
  var threads: Int?

  @Option(
    help: ArgumentHelp(
      """
      Bind workers to CPUs and buffers to NUMA nodes; off for machines that are shared with others \
      and containers that forbid binding.
      """, valueName: "mode"))
  var numa = NUMAMode.auto

  func validate() throws {
    guard (1...Machine.threadLimit).contains(threads ?? 1) else {
      throw ValidationError("--threads \(threads ?? 0): expected 1 to \(Machine.threadLimit)")
    }
  }
}

extension MachineOptions {
  /// One of these options that was given, if there is one.
  var givenOption: String? { threads != nil ? "--threads" : numa != .auto ? "--numa" : nil }
}
