// `ptrain bench phases`: the tasks of a step, as more workers than there are would find them.

import ArgumentParser
import PTrain
import PTrainArtifacts
import PTrainEngine

struct BenchPhases: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "phases",
    abstract: "Times every task of a training step on one thread.",
    discussion: """
      A step is a number of phases. Their tasks are cut as for --workers, but one thread runs them \
      all, one after the other: how long they take by themselves, and what the leader does alone \
      before each phase. Medians over the steps; the longest task bounds a phase on however many \
      workers. --json has the microseconds of every task of every step.

      Example:
        ptrain bench phases --model compact --batch-size 64 --workers 16
      """)

  @OptionGroup var options: BenchOptions

  @Option(help: ArgumentHelp("Workers that minibatches are cut for.", valueName: "n"))
  var workers = 16

  func validate() throws {
    guard (1...Machine.threadLimit).contains(workers) else {
      throw ValidationError(
        "--workers \(workers): expected a number from 1 to \(Machine.threadLimit)")
    }
  }

  func run() throws {
    let workload = try options.workload()
    var machine = MachineOptions()
    (machine.threads, machine.numa) = (1, .auto)
    var configuration = try machine.engineConfiguration()
    configuration.cutWorkerCount = workers
    let traces = try workload.stepBenchmark(configuration).traces(
      warmUpCount: options.warmUp, stepCount: options.steps)
    let table = PhaseTable(workload: workload, workerCount: workers, traces: traces)
    try Terminal.writeResult(options.json ? table.json.text + "\n" : table.text)
  }
}

/// Steps of one network; every step has the same phases.
private struct PhaseTable {
  var workload: BenchWorkload
  var workerCount: Int
  var traces: [StepTrace]

  private var name: String { workload.network.description.name }

  var text: String {
    let header = ["phase", "tasks", "behind them", "leader, µs", "all tasks, µs", "longest, µs"]
    let rows = traces[0].phases.indices.map { index in
      let phases = traces.map { $0.phases[index] }
      let figures = [
        median(phases.map(\.leader)),
        median(phases.map { $0.tasks.reduce(0, +) + $0.lastTasks.reduce(0, +) }),
        median(phases.map { $0.tasks.max() ?? 0 }),
      ]
      return ["\(index + 1)", "\(phases[0].tasks.count)", "\(phases[0].lastTasks.count)"]
        + figures.map { fixed(1e6 * $0, 1) }
    }
    return "\(name), batch \(workload.recipe.batchSize), cut for \(workerCount) workers\n"
      + rightAligned([header] + rows, width: 15)
  }

  var json: JSONText {
    .object([
      "model": .string(name), "batch_size": .integer(workload.recipe.batchSize),
      "workers": .integer(workerCount),
      "steps": .array(
        traces.map { trace in
          .object([
            "phases": .array(trace.phases.map(Self.json)),
            "end_microseconds": .number(1e6 * trace.end),
          ])
        }),
    ])
  }

  private static func json(_ phase: PhaseTimes) -> JSONText {
    .object([
      "leader_microseconds": .number(1e6 * phase.leader),
      "task_microseconds": microseconds(phase.tasks),
      "last_task_microseconds": microseconds(phase.lastTasks),
    ])
  }

  private static func microseconds(_ times: [Double]) -> JSONText {
    .array(times.map { .number(1e6 * $0) })
  }
}
