// Values and gradients over each other: nobody finds another's where its own should be.

import PTrainKernelTypes
import PTrainKernels
import PTrainNetworks
import Testing

@testable import PTrainEngine

@Suite struct ValueLayoutTests {
  private static let branches: [Layer] = [
    .conv(filters: 16, kernel: 3, stride: 1, padding: 1, bias: false), .batchNorm, .relu,
    .concat([
      [.maxPool(3, stride: 1, padding: 1), .conv(Convolution(20, kernel: 1))],
      [.conv(Convolution(12, kernel: 1)), .relu, .residual([.conv(Convolution(12, kernel: 1))])],
    ]), .maxPool(size: 2), .flatten, .dropout(rate: 0.1), .dense(features: nil, bias: true),
  ]

  private func forms(_ plan: Plan) -> [StageForm] {
    let sharding = plan.sharding(batchSize: 16, workerCount: 1)
    return plan.stages.map {
      StageForm($0, kernels: KernelChoice.kernels(for: .baseline), sharding: sharding)
    }
  }

  /// Walks a step and notes with every write whose floats these are.
  @Test(
    arguments: ["eva8", "compact", "resnet8", "mobilenet-025", "lenet5", nil],
    [
      Fusion.full, .none,
    ])
  func everyStageFindsItsOwn(preset: String?, fusion: Fusion) throws {
    let description =
      try preset.map { try ModelDescription.preset(named: $0) }
      ?? ModelDescription(name: "branches", layers: Self.branches)
    let network = try Network(
      description: description, input: Shape(channels: 1, height: 28, width: 28), classCount: 10)
    let plan = try Plan(network, fusion: fusion)
    let forms = forms(plan)
    let layout = ValueLayout(plan, forms)
    var owners = [Int](repeating: -1, count: layout.count / channelLanes)
    func places(_ first: Int, _ count: Int) -> Range<Int> {
      first / channelLanes..<(first + count) / channelLanes
    }
    func value(_ index: Int) -> [Range<Int>] {
      let (form, place) = (forms[index], layout.places[index])
      guard !form.isAffine else { return [] }
      let size = form.sharding.shardSize
      let full = places(place.activations, size * form.activationCount)
      let pooled = places(place.pooled, size * form.pooledCount)
      return (form.stage.isRecomputed ? [] : [full]) + [pooled]
    }
    func gradient(_ index: Int) -> Range<Int> {
      let form = forms[index]
      let count = form.isAffine ? 0 : form.sharding.shardSize * form.pooledCount
      return places(layout.places[index].gradients, count)
    }
    func write(_ places: Range<Int>, _ owner: Int) {
      for place in places { owners[place] = owner }
    }
    func isWhole(_ places: Range<Int>, _ owner: Int) -> Bool {
      places.allSatisfy { owners[$0] == owner }
    }
    /// Whose gradient each gradient is: that of a sum at its place, or its own.
    var contents = plan.stages.indices.map { ~$0 }
    for index in plan.stages.indices { for part in value(index) { write(part, index) } }
    let logits = plan.stages.count - 1
    write(gradient(logits), ~logits)
    for index in plan.schedule.backward.joined() {
      for read in plan.reads[plan.stages[index].reads] where read.source >= 0 {
        let source = read.source
        #expect(value(source).allSatisfy { isWhole($0, source) }, "\(index) reads \(source)")
        if read.accumulates {
          #expect(isWhole(gradient(source), contents[source]), "\(index) adds to \(source)")
        } else if gradient(source) == gradient(index) {
          #expect(plan.stages[index].work == .sum || gradient(source).isEmpty)
          contents[source] = contents[index]
        }
        write(gradient(source), contents[source])
      }
      #expect(value(index).allSatisfy { isWhole($0, index) }, "the value of \(index)")
      #expect(isWhole(gradient(index), contents[index]), "the gradient of \(index)")
    }
  }

  /// Gradients take little beside values, whose memory they use.
  @Test func aDeepNetworkTakesLittleMoreThanItsValues() throws {
    let network = try Network(
      description: .preset(named: "resnet8"), input: Shape(channels: 3, height: 32, width: 32),
      classCount: 10)
    let plan = try Plan(network)
    let forms = forms(plan)
    let values = forms.reduce(0) { $0 + $1.sharding.shardSize * $1.activationCount }
    #expect(ValueLayout(plan, forms).count < values * 3 / 2)
  }
}
