// The machine as ptrain sees it and where it would put its workers, for people and for programs.

import PTrainMemory

/// What `ptrain topology` prints.
package struct TopologyReport {
  /// A training step's work as workers share it.
  package struct Minibatch {
    private let model: String
    private let size: Int
    private let taskCount: Int
    private let taskSize: Int

    /// Workers take `taskCount` pieces of the minibatch, each of up to `taskSize` images.
    package init(model: String, size: Int, taskCount: Int, taskSize: Int) {
      self.model = model
      self.size = size
      self.taskCount = taskCount
      self.taskSize = taskSize
    }

    private func busy(_ workerCount: Int) -> Int { min(taskCount, workerCount) }

    fileprivate func text(workerCount: Int) -> String {
      let tasks = taskCount == 1 ? "1 task" : "\(grouped(taskCount)) tasks"
      return "\(model), batch size \(grouped(size)): \(tasks) of up to \(taskSize) images, "
        + "work for \(busy(workerCount)) of \(workerCount) workers"
    }

    fileprivate func json(workerCount: Int) -> JSONText {
      .object([
        "model": .string(model), "batch_size": .integer(size), "tasks": .integer(taskCount),
        "busy_workers": .integer(busy(workerCount)),
      ])
    }
  }

  private let topology: Topology
  private let placements: [WorkerPlacement]
  private let instructionSets: [String]
  private let minibatch: Minibatch?

  /// `instructionSets` are those that can run here, narrowest first.
  package init(
    _ topology: Topology, placements: [WorkerPlacement], instructionSets: [String],
    minibatch: Minibatch? = nil
  ) {
    self.topology = topology
    self.placements = placements
    self.instructionSets = instructionSets
    self.minibatch = minibatch
  }

  package var text: String {
    ([
      row("nodes", "\(topology.nodes.count)"), nodeLines,
      row("online CPUs", "\(topology.online)"),
      row("allowed CPUs", "\(topology.allowed) (\(topology.cores.count) physical cores)"),
      row("quota", topology.quota.map { "\(fixed($0, 2)) CPUs" } ?? "none"),
      row("instruction sets", instructionSets.joined(separator: ", ")),
      row("default threads", "\(topology.defaultThreadCount)"), workerLines,
      minibatch.map { row("a step", $0.text(workerCount: placements.count)) } ?? "",
    ] as [String]).joined()
  }

  private func row(_ name: String, _ value: String) -> String {
    name + String(repeating: " ", count: max(1, 18 - name.count)) + value + "\n"
  }

  private var nodeLines: String {
    topology.nodes.map { node in
      let distances = topology.nodes.map { node.distances[$0.id].map(String.init) ?? "?" }
      let cpus = node.cpus.isEmpty ? "no CPUs" : "CPUs \(node.cpus)"
      let memory = node.hasMemory ? "memory" : "no memory"
      return row(
        "  node \(node.id)", "\(cpus), \(memory), distances \(distances.joined(separator: " "))")
    }.joined()
  }

  /// One line for each place, with the workers that share it.
  private var workerLines: String {
    var lines: [(workers: CPUSet, placement: WorkerPlacement)] = []
    for (worker, placement) in placements.enumerated() {
      if lines.last?.placement == placement {
        lines[lines.count - 1].workers.insert(worker)
      } else {
        lines.append((CPUSet([worker]), placement))
      }
    }
    return lines.map { row("  worker \($0.workers)", Self.place($0.placement)) }.joined()
  }

  private static func place(_ placement: WorkerPlacement) -> String {
    guard let cpus = placement.cpus else { return "any CPU" }
    let node = placement.node.map { ", node \($0)" } ?? ""
    let memory = placement.memoryNode.map { ", buffers on node \($0)" } ?? ""
    return "CPU \(cpus)\(node)\(memory)"
  }

  package var json: JSONText {
    .object([
      "nodes": .array(topology.nodes.map(Self.json)),
      "online_cpus": Self.json(topology.online), "allowed_cpus": Self.json(topology.allowed),
      "physical_cores": .integer(topology.cores.count),
      "quota": topology.quota.map { .number($0) } ?? .null,
      "instruction_sets": .array(instructionSets.map { .string($0) }),
      "default_threads": .integer(topology.defaultThreadCount),
      "workers": .array(placements.map(Self.json)),
      "minibatch": minibatch?.json(workerCount: placements.count) ?? .null,
    ])
  }

  private static func json(_ cpus: CPUSet) -> JSONText { .array(cpus.map { .integer($0) }) }

  private static func json(_ node: Topology.Node) -> JSONText {
    let distances = node.distances.sorted { $0.key < $1.key }.map {
      (key: String($0.key), value: JSONText.integer($0.value))
    }
    return .object([
      "id": .integer(node.id), "cpus": json(node.cpus), "memory": .flag(node.hasMemory),
      "distances": .object(.init(distances)),
    ])
  }

  private static func json(_ placement: WorkerPlacement) -> JSONText {
    .object([
      "cpus": placement.cpus.map { json($0) } ?? .null,
      "node": placement.node.map { .integer($0) } ?? .null,
      "memory_node": placement.memoryNode.map { .integer($0) } ?? .null,
    ])
  }
}
