// Stages that are timed one by one, outside of a step.

import PTrainDatasets
import PTrainKernels
import PTrainNetworks
import Testing

@testable import PTrainEngine

@Suite struct StageBenchmarkTests {
  /// A timed gradient goes where a step's goes: four shards share a slot, and nothing is written beyond it
  /// (the address sanitizer tells).
  @Test func layersWithManyWeightsStayInTheirSlots() throws {
    let description = try ModelDescription.parse(
      yaml: """
        name: wide
        layers:
          - flatten
          - dense: 260
          - relu
          - dense: 260
          - relu
          - dense: classes
        """, source: "wide.yaml")
    let input = Shape(channels: 1, height: 6, width: 6)
    let network = try Network(description: description, input: input, classCount: 10)
    let count = StageBenchmark.sampleCount
    let images = try ImageSet(
      height: 6, width: 6, channels: 1, images: (0..<count * 36).map { UInt8($0 % 251) },
      labels: (0..<count).map { UInt16($0 % 10) })
    let benchmark = try StageBenchmark(
      network: network, images: images, normalization: .init(means: [0.5], standardDeviations: [1]),
      configuration: EngineConfiguration(
        kernels: try KernelChoice.select(environment: [:]), threadCount: 1, cpuCount: 1))
    let state = try #require(benchmark.session.runner.executor.states.dropLast().last)
    let slots = state.gradientSlots
    #expect(slots.groupSize == 4)
    func gradients() -> [Float] { (0..<2 * slots.count).map { slots.groups[$0] } }
    let ofTheStep = gradients()
    // The step has moved the weights; the second run has their gradients everywhere.
    for _ in 0..<2 {
      #expect(try benchmark.run(seconds: 0).allSatisfy { $0.elapsedSeconds > 0 })
    }
    let ofTheBenchmark = gradients()
    #expect(ofTheBenchmark != ofTheStep)
    _ = try benchmark.run(seconds: 0)
    #expect(gradients() == ofTheBenchmark)
  }
}
