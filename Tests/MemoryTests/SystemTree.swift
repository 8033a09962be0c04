// A made-up /sys and /proc in a temporary directory.
// Machines that nobody here owns are described by the few files that are read of them.

import Foundation

@testable import PTrainMemory

struct SystemTree {
  /// Path below the root and content of each file.
  var files: [String: String] = [:]

  /// Adds one file.
  mutating func add(_ path: String, _ text: String) { files[path] = text + "\n" }

  /// Adds online CPUs, the CPUs of each core and of each node, and equal distances.
  mutating func addMachine(online: String, cores: [String], nodes: [Int: String]) {
    add("sys/devices/system/cpu/online", online)
    for core in cores {
      for cpu in CPUSet(list: core)! {
        add("sys/devices/system/cpu/cpu\(cpu)/topology/thread_siblings_list", core)
      }
    }
    let ids = nodes.keys.sorted()
    add("sys/devices/system/node/online", CPUSet(ids).description)
    for id in ids {
      add("sys/devices/system/node/node\(id)/cpulist", nodes[id]!)
      let distances = ids.map { $0 == id ? "10" : "21" }.joined(separator: " ")
      add("sys/devices/system/node/node\(id)/distance", distances)
    }
  }

  /// In memory where possible: hundreds of files take seconds on a busy disk.
  private static let parent =
    FileManager.default.isWritableFile(atPath: "/dev/shm")
    ? URL(filePath: "/dev/shm") : FileManager.default.temporaryDirectory

  /// The topology of a process with `affinity` on this machine.
  func read(affinity: CPUSet? = nil) throws -> Topology {
    let root = Self.parent.appending(path: "ptrain-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    for (path, text) in files {
      let url = root.appending(path: path)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: url)
    }
    return Topology.read(root: root.path, affinity: affinity)
  }

  /// Two sockets of 64 cores with two threads each: siblings are 128 apart.
  static var twoSockets: SystemTree {
    var tree = SystemTree()
    tree.addMachine(
      online: "0-255", cores: (0..<128).map { "\($0),\($0 + 128)" },
      nodes: [0: "0-63,128-191", 1: "64-127,192-255"])
    tree.add("sys/devices/system/node/has_memory", "0-1")
    return tree
  }

  /// Four cores on one node.
  static var fourCores: SystemTree {
    var tree = SystemTree()
    tree.addMachine(online: "0-3", cores: (0..<4).map { "\($0)" }, nodes: [0: "0-3"])
    return tree
  }
}
