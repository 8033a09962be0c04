// A network as stages over stored values: what the engine runs.
// A function of the network alone, never of threads, time or instruction set.

import PTrainDiagnostics
import PTrainKernelTypes
import PTrainNetworks

/// How many nodes a stage may stand for.
package enum Fusion: Sendable {
  /// Whatever the rules allow.
  case full
  /// One: every network on basic stages, to check the fused ones against.
  case none
}

/// A network as a list of stages, ready to be given buffers.
package struct Plan: Sendable {
  package let network: Network
  /// In the order in which they are computed; the last one's value are the logits.
  let stages: [Stage]
  let reads: [Read]
  /// One entry a stage.
  let tensors: [StageTensors]
  let nodes: [StageNodes]
  let schedule: Schedule
  /// Samples whose sums are one term of every sum over a minibatch: sums have one order at any number of
  /// workers.
  package let leafSize: Int

  /// - Throws: `Failure(.badData)` naming the layer that the engine cannot train, with its line.
  package init(_ network: Network, fusion: Fusion = .full) throws {
    self.network = network
    var compiler = PlanCompiler(network, fusion)
    try compiler.run()
    leafSize = compiler.leafSize
    stages = compiler.stages
    tensors = compiler.tensors
    nodes = compiler.nodes
    schedule = Schedule(stages, compiler.reads)
    reads = schedule.routed(stages, compiler.reads)
  }

  /// First batch normalization that sees one position a sample.
  var singlePixelNorm: String? {
    zip(stages, tensors).first { $0.0.value.view.hasNorm && $0.0.value.pixels == 1 }?.1.norm?.name
  }
}
