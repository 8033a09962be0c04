// `ptrain bench`: the fields that the contract promises, and what it refuses.

import Foundation
import Testing

@Suite struct BenchTests {
  private func json<Value>(_ arguments: [String], as type: Value.Type) throws -> Value {
    let run = try CommandLineRun(["bench"] + arguments + ["--json"], in: Scratch())
    #expect(run.exitCode == 0, "\(run.errors)")
    return try #require(JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? Value)
  }

  @Test func stepKeepsItsFields() throws {
    let result = try json(
      ["step", "--model", "tiny", "--batch-size", "20", "--threads", "2", "--steps", "3"],
      as: [String: Any].self)
    #expect(result["model"] as? String == "tiny")
    #expect(result["threads"] as? Int == 2)
    #expect(result["batch_size"] as? Int == 20)
    #expect(result["steps"] as? Int == 3)
    #expect(try #require(result["milliseconds_per_step"] as? Double) > 0)
    #expect(try #require(result["images_per_second"] as? Double) > 0)
  }

  /// The memory of a step is all there after the first ones: fewer faults than steps, since a worker
  /// that comes late on a busy machine touches some pages of its own late.
  @Test(
    .disabled(
      if: ProcessInfo.processInfo.environment["PTRAIN_SANITIZER"] != nil,
      "a sanitizer's own memory grows with every step"),
    arguments: [[], ["--evaluation"]])
  func stepsTakeNoNewPages(arguments: [String]) throws {
    let result = try json(
      ["step", "--model", "tiny", "--batch-size", "64", "--threads", "2", "--steps", "200"]
        + ["--warm-up", "20"] + arguments, as: [String: Any].self)
    let faults = try #require(result["page_faults"] as? Int)
    #expect(faults < 200)
  }

  @Test func scalingHasARowForEachThreadCount() throws {
    let rows = try json(
      ["scaling", "--model", "tiny", "--batch-size", "16", "--threads", "1,3", "--steps", "5"],
      as: [[String: Any]].self)
    #expect(rows.map { $0["threads"] as? Int } == [1, 3])
    #expect(rows[0]["efficiency"] as? Double == 1)
    #expect(rows.allSatisfy { $0["steps"] as? Int == 5 })
    #expect(rows.allSatisfy { ($0["compute_milliseconds"] as? Double ?? 0) > 0 })
  }

  @Test func poolTimesPhasesAtEachThreadCount() throws {
    let rows = try json(["pool", "--threads", "1,3", "--phases", "20"], as: [[String: Any]].self)
    #expect(rows.map { $0["threads"] as? Int } == [1, 3])
    #expect(rows.allSatisfy { $0["phases"] as? Int == 20 })
    #expect(rows.allSatisfy { ($0["empty_microseconds"] as? Double ?? 0) > 0 })
    // The tasks' own work is in it.
    #expect(rows.allSatisfy { ($0["short_microseconds"] as? Double ?? 0) >= 2 })
  }

  @Test func memoryTimesCopiesAtEachThreadCount() throws {
    let rows = try json(["memory", "--threads", "1,2", "--rounds", "1"], as: [[String: Any]].self)
    #expect(rows.map { $0["threads"] as? Int } == [1, 2])
    for field in ["l2_gbytes", "memory_gbytes"] {
      #expect(rows.allSatisfy { ($0[field] as? Double ?? 0) > 0 })
    }
  }

  /// A minibatch of 64 is 16 shards of four for 8 workers and 32 of two for 16, whoever runs them.
  @Test(arguments: [(8, 16), (16, 32)])
  func phasesHaveTheTasksOfSoManyWorkers(workers: Int, taskCount: Int) throws {
    let words = ["--model", "compact", "--batch-size", "64", "--steps", "2", "--warm-up", "0"]
    let result = try json(["phases", "--workers", "\(workers)"] + words, as: [String: Any].self)
    #expect(result["workers"] as? Int == workers)
    let steps = try #require(result["steps"] as? [[String: Any]])
    #expect(steps.count == 2)
    for step in steps {
      let phases = try #require(step["phases"] as? [[String: Any]])
      let tasks = phases.compactMap { $0["task_microseconds"] as? [Double] }
      #expect(tasks.count == phases.count)
      #expect(tasks.joined().allSatisfy { $0 > 0 })
      // Forward and backward of every stage over the shards.
      #expect(tasks.count { $0.count == taskCount } >= 10)
    }
  }

  @Test func kernelsChecksAndTimesEveryConvolution() throws {
    let results = try json(
      ["kernels", "--model", "eva8", "--seconds", "0.01"], as: [[String: Any]].self)
    for result in results {
      #expect(try #require(result["gradient_error"] as? Double) < 1e-4)
      let units = try #require(result["units"] as? [[String: Any]])
      #expect(units.map { $0["unit"] as? String } == ["conv1", "conv1", "conv2", "conv2"])
      #expect(
        units.map { $0["pass"] as? String } == ["forward", "backward", "forward", "backward"])
      // 2 · 14² · 3² · 64 · 32, and twice that for both gradients.
      #expect(units.map { $0["operations"] as? Int }.suffix(2) == [7_225_344, 14_450_688])
      // conv1's output is not kept: 2 · 28² · 3² · 64.
      #expect(units.map { $0["recomputed_operations"] as? Int } == [0, 903_168, 0, 0])
    }
    #expect(!results.isEmpty)
  }

  @Test(arguments: [
    (["step", "--steps", "0"], "--steps 0"),
    (["step", "--warm-up", "-1"], "--warm-up"),
    (["step", "--batch-size", "0"], "--batch-size 0"),
    (["scaling", "--threads", "1,"], "--threads 1,"),
    (["scaling", "--threads", "0"], "--threads 0"),
    (["phases", "--workers", "0"], "--workers 0"),
    (["memory", "--rounds", "0"], "--rounds 0"),
    (["kernels", "--seconds", "0"], "--seconds 0"),
    (["kernels", "--model", "nothing"], "nothing"),
  ])
  func refuses(arguments: [String], part: String) throws {
    try expectRefusal(["bench"] + arguments, in: Scratch(), exitCode: 64, naming: part)
  }
}
