// Looks into a session that only tests and benchmarks need.

import PTrainDatasets
import PTrainKernelTypes
import PTrainNetworks

extension Session {
  /// Trains on samples in the given order and returns each minibatch's mean loss.
  package func trainingLosses(
    _ set: ImageSet, _ normalization: Normalization, order: [UInt32], recipe: Recipe
  ) throws -> [Double] {
    let store = try SampleStore(set, normalization, binding: runner.memory.binding)
    return try pool.lead { [self] in
      var losses: [Double] = []
      forEachMinibatch(of: order, store.source, epoch: 0) { step, batch in
        let optimizer = OptimizerStep(recipe, index: step, rate: recipe.learningRate)
        losses.append(runner.train(batch, optimizer).loss / Double(batch.count))
      }
      return losses
    }
  }

  /// The last step's gradient as a block in state_dict order.
  package var gradient: [Float] {
    Array(UnsafeBufferPointer(start: block.gradient, count: block.layout.count))
  }

  package var state: ModelState { block.state }

  /// Which buffers were asked for on which node.
  package var memoryAssignments: [MemoryAssignment] { runner.memory.assignments }
}
