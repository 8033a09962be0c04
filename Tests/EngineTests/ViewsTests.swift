// Logits averaged over views of each image: against PyTorch, and the same bits from any number of processes.

import Foundation
import PTrainDatasets
import PTrainDiagnostics
import PTrainKernelTypes
import PTrainNetworks
import Testing

@testable import PTrainEngine

/// What Golden/make_views_golden.py wrote.
private struct ViewsGolden: Decodable {
  let pixels: [UInt8]
  let labels: [UInt16]
  let weights: [String: [Float]]
  let logits: [String: [Float]]
  let loss: [String: Double]
}

@Suite struct ViewsTests {
  @Test func logitsAreThoseOfPyTorch() throws {
    let url = try #require(Bundle.module.url(forResource: "Golden/views", withExtension: "json"))
    let golden = try JSONDecoder().decode(ViewsGolden.self, from: Data(contentsOf: url))
    let network = try Network(
      description: ModelDescription(
        name: "m", layers: [.conv(4, kernel: 2), .relu, .flatten, .classes]),
      input: Shape(channels: 3, height: 4, width: 5), classCount: 3)
    let values = try network.layout.tensors.flatMap { try #require(golden.weights[$0.name]) }
    let session = try Session(
      network, state: ModelState(layout: network.layout, values: values),
      configuration: TestData.configuration(), sampleCapacity: 4)
    let set = try ImageSet(
      height: 4, width: 5, channels: 3, images: golden.pixels, labels: golden.labels)
    let normalization = Normalization(
      means: [0.5, 0.5, 0.5], standardDeviations: [0.25, 0.25, 0.25])
    for views in [ImageViews.flip, .shift] {
      let (result, logits) = try session.answers(
        set, normalization, views: views, keepsLogits: true)
      let expected = try #require(golden.logits[views.rawValue])
      #expect(logits.count == expected.count)
      for (ours, theirs) in zip(logits, expected) { #expect(abs(ours - theirs) < 1e-5) }
      #expect(abs(result.loss - (try #require(golden.loss[views.rawValue]))) < 1e-6)
      let correct = set.labels.enumerated().count { place, label in
        Probabilities.best(expected[place * 3..<place * 3 + 3]) == Int(label)
      }
      #expect((result.correctCount, result.sampleCount) == (correct, 9))
      #expect(result.confusion?.correctCount == correct)
    }
    let plain = try session.answers(set, normalization, keepsLogits: true)
    let single = try session.answers(set, normalization, views: .single, keepsLogits: true)
    #expect(single.evaluation == plain.evaluation && single.logits == plain.logits)
    #expect(plain.logits != golden.logits["flip"])
  }

  /// A whole part and one sample.
  private static func answers(
    threads: Int, communicator: any Communicator = SingleProcess(), views: ImageViews = .shift
  ) throws -> (evaluation: Evaluation, logits: [Float]) {
    let network = try Network(
      description: .preset(named: "tiny"), input: Shape(channels: 1, height: 12, width: 12),
      classCount: 5)
    var configuration = try TestData.configuration(threads: threads)
    configuration.communicator = communicator
    let session = try Session(
      network, state: .initial(network: network, seed: 3), configuration: configuration,
      sampleCapacity: 100)
    return try session.answers(
      .synthetic(count: 2049, height: 12, width: 12, classCount: 5), .mnist, views: views,
      keepsLogits: true)
  }

  @Test func threadsAndRanksKeepTheBits() throws {
    let expected = try Self.answers(threads: 1)
    #expect(expected.evaluation.sampleCount == 2049 && expected.logits.count == 2049 * 5)
    let threaded = try Self.answers(threads: 3)
    #expect(threaded == expected)
    let ranks = try ThreadRanks.run(2) { communicator in
      try Self.answers(threads: 2, communicator: communicator)
    }
    #expect(ranks.allSatisfy { $0 == expected })
    #expect(try Self.answers(threads: 1, views: .flip).logits != expected.logits)
  }

  private func session(_ input: Shape, _ change: (inout [Float]) -> Void = { _ in }) throws
    -> Session
  {
    let network = try Network(
      description: ModelDescription(name: "m", layers: [.globalAveragePool, .classes]),
      input: input, classCount: 2)
    var state = ModelState.initial(network: network, seed: 1)
    change(&state.values)
    return try Session(
      network, state: state, configuration: TestData.configuration(), sampleCapacity: 4)
  }

  @Test func whatCannotBeShiftedIsRefused() throws {
    let line = try ImageSet(height: 1, width: 5, images: [1, 2, 3, 4, 5], labels: [1])
    let session = try session(Shape(channels: 1, height: 1, width: 5))
    let failure = #expect(throws: Failure.self) {
      try session.answers(line, .mnist, views: .shift)
    }
    #expect(failure?.message.contains("images of 1x5 pixels cannot be shifted") == true)
    #expect(try session.answers(line, .mnist, views: .flip).evaluation.sampleCount == 1)
  }

  /// As the plain test says it.
  @Test func aLayerWithoutNumbersIsNamed() throws {
    let set = try ImageSet(height: 2, width: 2, images: [1, 2, 3, 4], labels: [1])
    let session = try session(Shape(channels: 1, height: 2, width: 2)) { $0[0] = .nan }
    let failure = #expect(throws: Failure.self) { try session.answers(set, .mnist, views: .flip) }
    #expect(failure?.message.hasSuffix("first in layer fc1") == true, "\(failure?.message ?? "")")
  }

  @Test func crossEntropyIsExactFarOut() {
    #expect(Probabilities.crossEntropy([0, 0] as [Float], of: 1) == Elementary.log(2))
    #expect(Probabilities.crossEntropy([2000, -2000] as [Float], of: 1) == 4000)
    #expect(Probabilities.crossEntropy([2000, -2000] as [Float], of: 0) == 0)
    #expect(!Probabilities.crossEntropy([.nan, 1] as [Float], of: 1).isFinite)
  }
}
