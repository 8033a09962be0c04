// `ptrain topology`: the machine as this process may use it, and where workers would go.

import ArgumentParser
import PTrainArtifacts
import PTrainKernels
import PTrainMemory

struct TopologyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "topology",
    abstract: "Shows nodes, CPUs, limits, and where workers go.",
    discussion: """
      Example:
        ptrain topology --threads 16
      """)

  @OptionGroup(title: "Machine") var machine: MachineOptions

  @Flag(help: "Print everything as JSON.")
  var json = false

  func run() throws {
    let topology = Topology.read()
    let count = machine.threads ?? topology.defaultThreadCount
    let report = TopologyReport(
      topology,
      placements: machine.numa == .auto
        ? topology.placements(workerCount: count) : Array(repeating: .unbound, count: count),
      instructionSets: KernelChoice.available.map(\.rawValue))
    try Terminal.writeResult(json ? report.json.text + "\n" : report.text)
  }
}
