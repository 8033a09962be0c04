// The topology as text and JSON, on machines that this one is not.

import PTrainArtifacts
import PTrainDiagnostics
import PTrainMemory
import Testing

/// Two nodes of two CPUs, the second node without memory, CPU 3 not allowed.
private func twoNodes() throws -> Topology {
  let root = TemporaryDirectory()
  let files = [
    "sys/devices/system/cpu/online": "0-3", "sys/devices/system/node/online": "0-1",
    "sys/devices/system/node/has_memory": "0",
    "sys/devices/system/node/node0/cpulist": "0-1",
    "sys/devices/system/node/node1/cpulist": "2-3",
    "sys/devices/system/node/node0/distance": "10 21",
    "sys/devices/system/node/node1/distance": "21 10",
    "sys/fs/cgroup/cpu.max": "150000 100000", "proc/self/cgroup": "0::/",
  ]
  for (path, text) in files {
    let parts = path.split(separator: "/").dropLast()
    try makeDirectory(root.path + "/" + parts.joined(separator: "/"))
    try writeFile("\(root.path)/\(path)", Array((text + "\n").utf8))
  }
  return Topology.read(root: root.path, affinity: CPUSet(0..<3))
}

@Suite struct TopologyReportTests {
  @Test func isReadable() throws {
    let topology = try twoNodes()
    let report = TopologyReport(
      topology, placements: topology.placements(workerCount: 3),
      instructionSets: ["baseline", "avx2"])
    #expect(
      report.text == """
        nodes             2
          node 0          CPUs 0-1, memory, distances 10 21
          node 1          CPUs 2-3, no memory, distances 21 10
        online CPUs       0-3
        allowed CPUs      0-2 (3 physical cores)
        quota             1.50 CPUs
        instruction sets  baseline, avx2
        default threads   2
          worker 0        CPU 0, node 0
          worker 1        CPU 1, node 0
          worker 2        CPU 2, node 1

        """)
  }

  @Test func joinsWorkersOfOnePlace() throws {
    let report = TopologyReport(
      try twoNodes(), placements: Array(repeating: .unbound, count: 5), instructionSets: [])
    #expect(report.text.hasSuffix("\n  worker 0-4      any CPU\n"))
  }

  @Test func isJSON() throws {
    let topology = try twoNodes()
    let report = TopologyReport(
      topology, placements: topology.placements(workerCount: 3).suffix(1) + [.unbound],
      instructionSets: ["avx2"])
    #expect(
      report.json.text
        == #"{"nodes":[{"id":0,"cpus":[0,1],"memory":true,"distances":{"0":10,"1":21}},"#
        + #"{"id":1,"cpus":[2,3],"memory":false,"distances":{"0":21,"1":10}}],"#
        + #""online_cpus":[0,1,2,3],"allowed_cpus":[0,1,2],"physical_cores":3,"quota":1.5,"#
        + #""instruction_sets":["avx2"],"default_threads":2,"#
        + #""workers":[{"cpus":[2],"node":1,"memory_node":null},"#
        + #"{"cpus":null,"node":null,"memory_node":null}],"minibatch":null}"#)
  }

  @Test(arguments: [(64, 8, "8 tasks", 8), (2048, 256, "256 tasks", 16), (5, 1, "1 task", 1)])
  func tellsWhomAMinibatchGivesWork(size: Int, tasks: Int, text: String, busy: Int) throws {
    let report = TopologyReport(
      try twoNodes(), placements: Array(repeating: .unbound, count: 16), instructionSets: [],
      minibatch: .init(model: "compact", size: size, taskCount: tasks, taskSize: 8))
    let sizeText = size == 2048 ? "2,048" : "\(size)"
    #expect(
      report.text.hasSuffix(
        "\na step            compact, batch size \(sizeText): \(text) of up to 8 images, "
          + "work for \(busy) of 16 workers\n"))
    let json =
      #""minibatch":{"model":"compact","batch_size":\#(size),"tasks":\#(tasks),"#
      + #""busy_workers":\#(busy)}}"#
    #expect(report.json.text.hasSuffix(json))
  }
}
