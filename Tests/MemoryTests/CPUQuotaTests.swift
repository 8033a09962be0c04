// CPU quotas of control groups, version 1 and 2, nested and seen from inside a container.

import Testing

@testable import PTrainMemory

@Suite struct CPUQuotaTests {
  private let everyCPU = CPUSet(0...3)

  private func tree(_ files: [String: String]) -> SystemTree {
    var tree = SystemTree.fourCores
    for (path, text) in files { tree.add(path, text) }
    return tree
  }

  @Test func version2OfAContainer() throws {
    let topology = try tree([
      "proc/self/cgroup": "0::/", "sys/fs/cgroup/cpu.max": "100000 100000",
    ]).read(affinity: everyCPU)
    #expect(topology.quota == 1)
    #expect(topology.defaultThreadCount == 1)
  }

  @Test func version2TakesTheTightestOfNestedGroups() throws {
    let topology = try tree([
      "proc/self/cgroup": "0::/a/b/c",
      "sys/fs/cgroup/a/cpu.max": "300000 100000",
      "sys/fs/cgroup/a/b/cpu.max": "40000 20000",
      "sys/fs/cgroup/a/b/c/cpu.max": "max 100000",
    ]).read(affinity: everyCPU)
    #expect(topology.quota == 2)
    #expect(topology.defaultThreadCount == 2)
  }

  @Test func version2PathOfTheHostFallsBackToTheMount() throws {
    for path in ["/docker/0123", "/../../system.slice"] {
      let topology = try tree([
        "proc/self/cgroup": "0::\(path)", "sys/fs/cgroup/cpu.max": "50000 100000",
        "sys/system.slice/cpu.max": "10 100000",
      ]).read(affinity: everyCPU)
      #expect(topology.quota == 0.5)
      #expect(topology.defaultThreadCount == 1)
    }
  }

  @Test func version1() throws {
    let topology = try tree([
      "proc/self/cgroup": "5:memory:/x\n4:cpu,cpuacct:/x/y\n1:name=systemd:/z",
      "sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us": "300000",
      "sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us": "100000",
      "sys/fs/cgroup/cpu,cpuacct/x/y/cpu.cfs_quota_us": "-1",
      "sys/fs/cgroup/cpu,cpuacct/x/y/cpu.cfs_period_us": "100000",
    ]).read(affinity: everyCPU)
    #expect(topology.quota == 3)
    #expect(topology.defaultThreadCount == 3)
  }

  @Test func cpusetIsNotTheCPUController() throws {
    let topology = try tree([
      "proc/self/cgroup": "3:cpuset:/x",
      "sys/fs/cgroup/cpuset/x/cpu.cfs_quota_us": "1000",
      "sys/fs/cgroup/cpuset/x/cpu.cfs_period_us": "1000",
    ]).read(affinity: everyCPU)
    #expect(topology.quota == nil)
  }

  @Test(arguments: [("149000", 1), ("150000", 2), ("10000", 1), ("9000000", 4), ("0", 4)])
  func quotaRoundsToTheNearestCount(quota: String, threads: Int) throws {
    let topology = try tree([
      "proc/self/cgroup": "0::/", "sys/fs/cgroup/cpu.max": "\(quota) 100000",
    ]).read(affinity: everyCPU)
    #expect(topology.defaultThreadCount == threads)
  }
}
