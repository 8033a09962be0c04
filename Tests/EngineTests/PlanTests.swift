// What the compiler of plans makes of a graph: which nodes join a stage, and in which phases stages run.

import PTrainDiagnostics
import PTrainKernelTypes
import PTrainNetworks
import Testing

@testable import PTrainEngine

/// A convolution of 3 x 3 that keeps the size.
private let conv = Layer.conv(filters: 8, kernel: 3, stride: 1, padding: 1, bias: false)
private let logits = Layer.dense(features: nil, bias: true)

private func plan(
  _ layers: [Layer], channels: Int = 1, fusion: Fusion = .full
) throws -> Plan {
  let plan = try Plan(
    Network(
      description: ModelDescription(name: "m", layers: layers),
      input: Shape(channels: channels, height: 16, width: 16), classCount: 3),
    fusion: fusion)
  #expect(plan.violations.isEmpty)
  return plan
}

@Suite struct PlanTests {
  @Test func nodesJoinStages() throws {
    let plan = try plan([
      conv, .relu, .batchNorm, .maxPool(size: 2), conv, .batchNorm, .relu, .globalAveragePool,
      .dropout(rate: 0.5), .dense(features: 5, bias: false), .relu, logits,
    ])
    #expect(
      plan.description == """
        0 conv1: conv 3x3/1(image) relu norm pool 2 -> 8x8x8
        1 conv2: conv 3x3/1(conv1) norm relu mean dropout -> 8x8x8
        2 fc1: dense(conv2) relu -> 5
        3 fc2: dense(fc1) bias -> 3
        forward [[0], [1], [2, 3]]
        backward [[3, 2], [1], [0]]

        """)
    // A stream is the node's place in the graph.
    #expect(plan.stages[1].value.view.dropout == Dropout(rate: 0.5, stream: 0x108))
  }

  @Test func residualsShareAValue() throws {
    let block: [Layer] = [conv, .batchNorm, .relu, conv, .batchNorm]
    let plan = try plan([
      conv, .batchNorm, .relu, .residual(block), .relu,
      .residual([conv], shortcut: [.conv(Convolution(8, kernel: 1))]), .globalAveragePool, logits,
    ])
    #expect(
      plan.description == """
        0 conv1: conv 3x3/1(image) norm relu -> 8x16x16
        1 conv2: conv 3x3/1(conv1) norm relu -> 8x16x16
        2 conv3: conv 3x3/1(conv2) norm -> 8x16x16
        3 add9: sum(conv3, conv1) relu -> 8x16x16
        4 conv4: conv 3x3/1(add9) -> 8x16x16
        5 conv5: conv 1x1/1(add9) bias -> 8x16x16
        6 add13: sum(conv4, conv5) mean -> 8x16x16
        7 fc1: dense(add13) bias -> 3
        forward [[0], [1], [2], [3, 4, 5, 6, 7]]
        backward [[7, 6, 5, 4, 3], [2], [1], [0]]

        """)
    // Of the two readers of a value the later one is the first backward.
    let routes = plan.stages.map { plan.reads[$0.reads].map(\.accumulates) }
    #expect(
      routes == [
        [false], [true], [false], [false, false], [true], [false], [false, false], [false],
      ])
  }

  /// What no rule takes is a stage of its own, in the form that its reader wants.
  @Test func formsChangeWhereReadersWantIt() throws {
    let plan = try plan(
      [
        .maxPool(3, stride: 2), .dropout(rate: 0.1), .flatten, .dropout(rate: 0.2),
        .dense(features: 4, bias: true), .gelu, .batchNorm, .tanh,
        .dense(features: nil, bias: true),
        .sigmoid,
      ], channels: 3)
    #expect(
      plan.description == """
        0 input: map(image) -> 3x16x16
        1 maxPool1: maximum 3x3(input) dropout -> 3x7x7
        2 flatten3: relayout(maxPool1) dropout -> 147
        3 fc1: dense(flatten3) bias gelu -> 4
        4 bn1: copy(fc1) norm tanh -> 4
        5 fc2: dense(bn1) bias sigmoid -> 3
        6 input: copy(fc2) -> 3
        forward [[0, 1, 2, 3, 4], [5, 6]]
        backward [[6, 5], [4, 3, 2, 1, 0]]

        """)
  }

  @Test func withoutFusionEveryNodeIsAStage() throws {
    let layers: [Layer] = [
      conv, .batchNorm, .relu, .maxPool(size: 2), .globalAveragePool, .dropout(rate: 0.5), logits,
    ]
    let plan = try plan(layers, fusion: .none)
    #expect(plan.stages.count == layers.count)
    #expect(plan.stages.allSatisfy { $0.value.window == 1 && !$0.isAffine })
  }

  /// Made again where it is read only if that is one convolution and nothing stands between.
  @Test(arguments: [
    ([conv, .batchNorm, .relu, conv, .globalAveragePool, logits], true),
    ([conv, .batchNorm, .relu, .globalAveragePool, logits], false),
    ([conv, .relu, .batchNorm, conv, .globalAveragePool, logits], false),
    ([conv, .batchNorm, .relu, .maxPool(size: 2), conv, .globalAveragePool, logits], false),
    ([conv, .batchNorm, .relu, .dropout(rate: 0.1), conv, .globalAveragePool, logits], false),
    ([conv, .batchNorm, conv, .globalAveragePool, logits], false),
    ([conv, .batchNorm, .relu, .residual([conv]), .globalAveragePool, logits], false),
  ])
  func affineFirstStages(layers: [Layer], isAffine: Bool) throws {
    #expect(try plan(layers).stages[0].isAffine == isAffine)
  }

  @Test func imagesHaveOneOrThreeChannels() throws {
    let failure = #expect(throws: Failure.self) {
      try plan([conv, .globalAveragePool, logits], channels: 2)
    }
    #expect(failure?.message == "the images have 2 channels, expected 1 or 3")
  }
}

@Suite struct ScheduleTests {
  /// A chain's phases end where a norm is, and nowhere else.
  @Test(arguments: 1...64)
  func phasesEndWithBatchNorm(pattern: Int) throws {
    let hasNorm = (0..<6).map { pattern >> $0 & 1 == 1 }
    let layers = hasNorm.flatMap { $0 ? [conv, .batchNorm] : [conv] }
    let plan = try plan(layers + [.globalAveragePool, logits])
    #expect(plan.schedule.forward.flatMap(\.self) == Array(0..<7))
    for phase in plan.schedule.forward.dropLast() {
      #expect(phase.filter { $0 < 6 && hasNorm[$0] } == [phase.last!])
    }
    #expect(plan.schedule.forward.last!.allSatisfy { $0 == 6 || !hasNorm[$0] })
    #expect(plan.schedule.backward.map { $0.reversed() } == plan.schedule.forward.reversed())
  }
}
