// Several processes under mpirun train the model of one. The ptrain that they run has the trait MPI:
// the tests' own in a build with it, else the one that PTRAIN_MPI_BINARY names (Scripts/mpi-check).

import Foundation
import Testing

private let mpiBinary: String? = {
  #if MPI
    return CommandLineRun.binary
  #else
    return ProcessInfo.processInfo.environment["PTRAIN_MPI_BINARY"]
  #endif
}()

@Suite(.enabled(if: mpiBinary != nil, "PTRAIN_MPI_BINARY names no ptrain with the trait MPI"))
struct RanksTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
    try SampleData().write(to: scratch)
  }

  private static func arguments(_ output: String, epochs: Int) -> [String] {
    ["--model", "tiny", "--epochs", "\(epochs)", "--batch-size", "40", "--threads", "2"]
      + ["--data", "data", "--output", output]
  }

  private func start(ranks: Int, _ arguments: [String]) throws -> StartedRun {
    try CommandLineRun.start(
      arguments, in: scratch,
      environment: ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"],
      launcher: ["mpirun", "--oversubscribe", "--bind-to", "none", "-np", "\(ranks)"],
      binary: mpiBinary!)
  }

  private func train(ranks: Int, output: String) throws -> CommandLineRun {
    CommandLineRun(try start(ranks: ranks, Self.arguments(output, epochs: 2)))
  }

  private func digest(_ run: String) throws -> Substring {
    let text = try scratch.text(of: "\(run)/metrics.jsonl")
    return try #require(text.split(separator: #""digest":""#).last).prefix(64)
  }

  @Test func trainTheModelOfOneProcess() throws {
    #expect(try CommandLineRun(Self.arguments("one", epochs: 2), in: scratch).exitCode == 0)
    for ranks in [2, 3] {
      let run = try train(ranks: ranks, output: "ranks\(ranks)")
      #expect(run.exitCode == 0, "\(run.errors)")
      // Rank 0 alone prints: one line an epoch.
      #expect(run.output.components(separatedBy: "Test set:").count == 3)
      #expect(try digest("ranks\(ranks)") == digest("one"))
    }
  }

  /// mpirun hands an interruption to the ranks as SIGTERM, and ends with a code of its own.
  @Test func anInterruptedJobGoesOnAsOneProcess() throws {
    let many = 40
    let started = try start(
      ranks: 2, Self.arguments("stopped", epochs: many) + ["--checkpoint-every", "1"])
    while started.isRunning {
      let names = (try? scratch.names("stopped/checkpoint")) ?? []
      if names.contains(where: { $0.hasSuffix(".safetensors") }) { break }
      usleep(500)
    }
    kill(started.processIdentifier, SIGINT)
    let stopped = CommandLineRun(started)
    #expect(stopped.exitCode != 0)
    #expect(stopped.errors.contains("interrupted; go on with: "))
    #expect(stopped.errors.contains("ptrain --resume stopped\n"))
    #expect(try CommandLineRun(["--resume", "stopped"], in: scratch).exitCode == 0)
    #expect(try CommandLineRun(Self.arguments("one", epochs: many), in: scratch).exitCode == 0)
    #expect(try digest("stopped") == digest("one"))
  }

  @Test func aFailureThatAllRanksMeetEndsTheJobWithItsCode() throws {
    try FileManager.default.removeItem(at: scratch.url.appendingPathComponent("data"))
    let run = try train(ranks: 2, output: "none")
    #expect(run.exitCode == 66)
    #expect(run.errors.contains("ptrain: rank 0 of 2: "))
    #expect(!run.errors.contains("ptrain: rank 1 of 2: "))
  }
}
