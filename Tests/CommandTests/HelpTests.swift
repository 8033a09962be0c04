// The help screens to the character, as Help/ keeps them: what a user sees changes only on purpose.
// Scripts/help-screens writes them anew from the program.

import Foundation
import Testing

@Suite struct HelpTests {
  /// The words before `--help`: all commands, as a file says that has a word a level in its name.
  static let commands = [
    "", "train", "predict", "eval", "find-rate", "export", "report", "models", "summary",
    "topology", "bench", "bench step", "bench kernels", "bench scaling", "bench pool",
    "bench phases", "bench memory", "bench data", "spreadsheet",
  ]

  private static func name(_ command: String) -> String {
    (["ptrain"] + command.split(separator: " ")).joined(separator: "-") + ".txt"
  }

  private func help(_ command: String) throws -> String {
    let run = try CommandLineRun(
      command.split(separator: " ").map(String.init) + ["--help"], in: Scratch())
    #expect(run.exitCode == 0 && run.errors == "")
    // Lines end where words end, whatever padding the printer leaves.
    return run.output.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      String(line.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
  }

  @Test(arguments: commands) func isAsKept(command: String) throws {
    let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Help")
    let kept = try Data(contentsOf: folder.appendingPathComponent(Self.name(command)))
    let found = try help(command)
    #expect(found == String(decoding: kept, as: UTF8.self))
    #expect(found.contains("Example"))
    let lines = found.split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= 80 || $0.hasPrefix("USAGE: ") })
  }

  /// The commit is there where Scripts/build made the program, as CI has it.
  @Test func tellsItsVersion() throws {
    let run = try CommandLineRun(["--version"], in: Scratch())
    #expect(run.exitCode == 0)
    let lines = run.output.split(separator: "\n")
    #expect(try /ptrain \d+\.\d+\.\d+(?: \([0-9a-f]{12}\+?\))?/.wholeMatch(in: lines[0]) != nil)
    #expect(lines[1].hasPrefix("Instruction sets: "))
    // CI's program trains over several processes, too.
    #expect(try /Traits: Images,( MPI,)? NUMA, Spreadsheet/.wholeMatch(in: lines[2]) != nil)
    #expect(lines.count == 3)
  }

  @Test func noCommandIsForgotten() throws {
    let folder = try #require(Bundle.module.resourceURL).appendingPathComponent("Help")
    let kept = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(kept.sorted() == Self.commands.map(Self.name).sorted())
    // The root lists a subcommand a line, indented by two.
    let listed = try help("").split(separator: "\n").drop { $0 != "SUBCOMMANDS:" }.compactMap {
      $0.hasPrefix("  ") && $0.dropFirst(2).first != " " ? $0.split(separator: " ").first : nil
    }
    for name in listed where name != "See" {
      #expect(Self.commands.contains(String(name)), "\(name)")
    }
  }
}
