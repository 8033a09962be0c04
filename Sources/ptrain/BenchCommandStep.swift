// `ptrain bench step`: the time of one training step.

import ArgumentParser
import Artifacts
import Engine

struct BenchStep: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step",
    abstract: "Times training steps.",
    discussion: """
      A step takes shuffled bytes, normalises them and augments them if the recipe says so, and ends \
      with new parameters. The figure is the median.

      Example:
        ptrain bench step --model compact --threads 1 --json
      """)

  @OptionGroup var options: BenchOptions
  @OptionGroup var machine: MachineOptions

  func run() throws {
    let workload = try options.workload()
    let configuration = try machine.engineConfiguration()
    let benchmark = try workload.stepBenchmark(configuration)
    _ = try benchmark.run(warmUpCount: options.warmUp, stepCount: 0)
    let start = Terminal.processorSeconds()
    let samples = try benchmark.run(warmUpCount: 0, stepCount: options.steps)
    let result = StepTiming(
      workload: workload, configuration: configuration, elapsedSeconds: samples.elapsedSeconds,
      processorSeconds: Terminal.processorSeconds() - start)
    try Terminal.writeResult((options.json ? result.json.text : result.line) + "\n")
  }
}

/// Timed steps of one model at one thread count.
struct StepTiming {
  var workload: BenchWorkload
  var configuration: EngineConfiguration
  var elapsedSeconds: [Double]
  /// CPU time of all threads over all steps: it says more than the clock on a busy machine.
  var processorSeconds: Double

  var milliseconds: Double { 1000 * median(elapsedSeconds) }
  var imagesPerSecond: Double { Double(workload.recipe.batchSize) / median(elapsedSeconds) }

  var json: JSONText {
    .object([
      "model": .string(workload.network.description.name),
      "threads": .integer(configuration.threadCount),
      "batch_size": .integer(workload.recipe.batchSize),
      "steps": .integer(elapsedSeconds.count),
      "milliseconds_per_step": .number(milliseconds),
      "images_per_second": .number(imagesPerSecond),
      "fastest_milliseconds": .number(1000 * elapsedSeconds.min()!),
      "cpu_milliseconds_per_step": .number(
        1000 * processorSeconds / Double(elapsedSeconds.count)),
      "instruction_set": .string(configuration.kernels.instructionSet.rawValue),
    ])
  }

  var line: String {
    let name = workload.network.description.name
    return "\(name), batch \(workload.recipe.batchSize), threads \(configuration.threadCount), "
      + "\(configuration.kernels.instructionSet.rawValue): "
      + "\(fixed(milliseconds, 2)) ms a step, \(grouped(Int(imagesPerSecond.rounded()))) images/s "
      + "(median of \(elapsedSeconds.count) steps)"
  }
}
