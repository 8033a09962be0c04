// `ptrain bench step`: the time of one training step.

import ArgumentParser
import PTrainArtifacts
import PTrainEngine

struct BenchStep: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "step",
    abstract: "Times training steps.",
    discussion: """
      A step takes shuffled bytes, normalizes them and augments them if the recipe says so, and ends \
      with new parameters. The figure is the median. Page faults are those of the timed steps, which \
      take no new memory.

      Example:
        ptrain bench step --model compact --threads 1 --json
      """)

  @OptionGroup var options: BenchOptions
  @OptionGroup(title: "Machine") var machine: MachineOptions

  @Flag(help: "Time evaluations of minibatches instead of training steps.")
  var evaluation = false

  func run() throws {
    let workload = try options.workload()
    let configuration = try machine.engineConfiguration()
    let benchmark = try workload.stepBenchmark(configuration)
    let work: StepBenchmark.Work = evaluation ? .evaluation : .training
    let samples = try benchmark.run(
      warmUpCount: options.warmUp, stepCount: options.steps, work)
    let result = StepTiming(
      workload: workload, configuration: configuration, work: work, samples: samples)
    try Terminal.writeResult((options.json ? result.json.text : result.line) + "\n")
  }
}

/// Timed steps of one model at one thread count.
struct StepTiming {
  var workload: BenchWorkload
  var configuration: EngineConfiguration
  var work: StepBenchmark.Work
  var samples: StepSamples

  private var elapsedSeconds: [Double] { samples.elapsedSeconds }
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
        1000 * samples.processorSeconds / Double(elapsedSeconds.count)),
      "page_faults": .integer(samples.pageFaultCount),
      "instruction_set": .string(configuration.kernels.instructionSet.rawValue),
    ])
  }

  var line: String {
    let name = workload.network.description.name
    return "\(name), batch \(workload.recipe.batchSize), threads \(configuration.threadCount), "
      + "\(configuration.kernels.instructionSet.rawValue): "
      + "\(fixed(milliseconds, 2)) ms \(work == .training ? "a step" : "an evaluation"), "
      + "\(grouped(Int(imagesPerSecond.rounded()))) images/s "
      + "(median of \(elapsedSeconds.count), \(samples.pageFaultCount) page faults)"
  }
}
