// The engine against PyTorch on real MNIST images, from the same weights.

import Foundation
import PTrainDatasets
import PTrainKernels
import PTrainNetworks
import Testing

@testable import PTrainEngine

/// What Golden/make_golden.py wrote.
struct Golden {
  var state: ModelState
  var logits: [Float]
  var losses: [Float]

  init(_ network: Network) throws {
    let url = try #require(
      Bundle.module.url(forResource: "Golden/eva8-mnist", withExtension: "bin"))
    let values = try Data(contentsOf: url).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    let count = network.layout.count
    #expect(values.count == count + 10_000 + 10)
    state = ModelState(layout: network.layout, values: Array(values[..<count]))
    logits = Array(values[count..<count + 10_000])
    losses = Array(values[(count + 10_000)...])
  }
}

enum TestData {
  static let directory = ProcessInfo.processInfo.environment["PTRAIN_DATA"]

  static func eva8(dropout: Double = 0) throws -> Network {
    var description = try ModelDescription.preset(named: "eva8")
    description.layers = description.layers.map {
      if case .dropout = $0 { .dropout(rate: dropout) } else { $0 }
    }
    return try Network(
      description: description, input: Shape(channels: 1, height: 28, width: 28), classCount: 10)
  }

  static func configuration(threads: Int = 2) throws -> EngineConfiguration {
    EngineConfiguration(
      kernels: try KernelChoice.select(environment: ProcessInfo.processInfo.environment),
      threadCount: threads, cpuCount: 2)
  }
}

@Suite(.enabled(if: TestData.directory != nil, "PTRAIN_DATA names no directory with MNIST"))
struct GoldenTests {
  let dataset: Dataset
  let network: Network
  let golden: Golden

  init() throws {
    dataset = try Dataset(at: TestData.directory!)
    network = try TestData.eva8()
    golden = try Golden(network)
  }

  @Test func logitsAgreeWithPyTorch() throws {
    let session = try Session(
      network, state: golden.state, configuration: TestData.configuration(), sampleCapacity: 256)
    let logits = try session.logits(dataset.test[0..<1000], dataset.normalization)
    let largest = golden.logits.map(abs).max()!
    let error = zip(logits, golden.logits).map { abs($0 - $1) }.max()!
    #expect(error / largest < 1e-5)
  }

  @Test func tenAdamStepsAgreeWithPyTorch() throws {
    let session = try Session(
      network, state: golden.state, configuration: TestData.configuration(), sampleCapacity: 256)
    var recipe = Recipe()
    (recipe.optimizer, recipe.learningRate, recipe.weightDecay) = (.adam, 0.001, 0)
    let losses = try session.trainingLosses(
      dataset.training, dataset.normalization, order: [UInt32](0..<2560), recipe: recipe)
    #expect(losses.count == 10)
    for (ours, theirs) in zip(losses, golden.losses) { #expect(abs(ours - Double(theirs)) < 1e-4) }
  }
}
