// Several processes under mpirun train the model of one; only in builds with the trait MPI.

#if MPI
  import Foundation
  import Testing

  @Suite struct RanksTests {
    private let scratch: Scratch

    init() throws {
      scratch = try Scratch()
      try SampleData().write(to: scratch)
    }

    private static func arguments(_ output: String) -> [String] {
      ["--model", "tiny", "--epochs", "2", "--batch-size", "40", "--threads", "2"]
        + ["--data", "data", "--output", output]
    }

    private func train(ranks: Int, output: String) throws -> CommandLineRun {
      try CommandLineRun(
        Self.arguments(output), in: scratch,
        environment: ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"],
        launcher: ["mpirun", "--oversubscribe", "--bind-to", "none", "-np", "\(ranks)"])
    }

    private func digest(_ run: String) throws -> Substring {
      let text = try scratch.text(of: "\(run)/metrics.jsonl")
      return try #require(text.split(separator: #""digest":""#).last).prefix(64)
    }

    @Test func trainTheModelOfOneProcess() throws {
      #expect(try CommandLineRun(Self.arguments("one"), in: scratch).exitCode == 0)
      for ranks in [2, 3] {
        let run = try train(ranks: ranks, output: "ranks\(ranks)")
        #expect(run.exitCode == 0, "\(run.errors)")
        // Rank 0 alone prints: one line an epoch.
        #expect(run.output.components(separatedBy: "Test set:").count == 3)
        #expect(try digest("ranks\(ranks)") == digest("one"))
      }
    }

    @Test func aFailureThatAllRanksMeetEndsTheJobWithItsCode() throws {
      try FileManager.default.removeItem(at: scratch.url.appendingPathComponent("data"))
      let run = try train(ranks: 2, output: "none")
      #expect(run.exitCode == 66)
      #expect(run.errors.contains("ptrain: rank 0 of 2: "))
      #expect(!run.errors.contains("ptrain: rank 1 of 2: "))
    }
  }
#endif
