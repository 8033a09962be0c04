// Runs that leave the numbers: where, in which layer, and what there is to go on from.

import Testing

@Suite struct DivergenceTests {
  let scratch: Scratch
  /// Without batch normalisation nothing holds the values back.
  private let description = """
    name: unstable
    layers:
      - conv: {filters: 4, kernel: 3}
      - relu
      - globalAveragePool
      - dense: classes
    recipe: {epochs: 400, batchSize: 16, optimizer: sgd, learningRate: 1000, momentum: 0.99}
    """

  /// Products of four layers' weights leave the numbers within the first epoch.
  private let steep = """
    name: steep
    layers:
      - conv: {filters: 4, kernel: 3}
      - conv: {filters: 4, kernel: 3}
      - conv: {filters: 4, kernel: 3}
      - globalAveragePool
      - dense: classes
    recipe: {epochs: 2, batchSize: 16, optimizer: sgd, learningRate: 1000, momentum: 0.99}
    """

  init() throws {
    scratch = try Scratch()
    try SampleData().write(to: scratch)
    try scratch.write(Array(description.utf8), to: "unstable.yaml")
  }

  private func train(_ arguments: [String]) throws -> CommandLineRun {
    try CommandLineRun(arguments + ["--data", "data"], in: scratch)
  }

  private func checkpoint(namedIn message: String) throws -> String {
    let mark = "; the last good checkpoint is "
    return try #require(
      message.split(separator: mark).last?.split(separator: "\n").first.map(String.init))
  }

  @Test func namesEpochStepLayerAndTheLastGoodCheckpoint() throws {
    let run = try train(
      ["--model", "unstable.yaml", "--output", "run", "--checkpoint-every", "1"])
    #expect(run.exitCode == 65)
    let place = #/training diverged: .* epoch \d+(, step \d+)?, first in layer (conv|fc)1; /#
    #expect(run.errors.contains(place))
    let path = try checkpoint(namedIn: run.errors)
    #expect(path.hasPrefix("run/checkpoint/step-"))
    let good = try CommandLineRun(
      ["export", "--checkpoint", path, "--output", "good.safetensors"], in: scratch)
    #expect(good.exitCode == 0, "\(good.errors)")

    let resumed = try train(["--resume", "run"])
    #expect(resumed.exitCode == 65)
    #expect(try checkpoint(namedIn: resumed.errors) == path)
  }

  @Test func namesNoneBeforeTheFirst() throws {
    try scratch.write(Array(steep.utf8), to: "steep.yaml")
    let run = try train(["--model", "steep.yaml", "--output", "run"])
    #expect(run.exitCode == 65)
    #expect(run.errors.contains("epoch 1"), "\(run.errors)")
    #expect(!run.errors.contains("last good checkpoint"))
    #expect(((try? scratch.names("run/checkpoint")) ?? []).isEmpty)
  }
}
