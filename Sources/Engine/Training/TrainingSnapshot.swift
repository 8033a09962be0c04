// Everything that the rest of a run follows from, between two steps, besides data and recipe.
// A run that goes on from a snapshot ends with the bits of one that never stopped.

import PTrainKernelTypes
import PTrainNetworks

/// How far a run has come.
package struct TrainingPosition: Equatable, Sendable {
  /// 1-based; the epoch that the next step belongs to.
  package var epoch = 1
  /// Steps done in that epoch; all of them when only its test is missing.
  package var step = 0
  /// Steps done in the whole run.
  package var runStep = 0
  /// Summed cross-entropy of the epoch's samples so far.
  package var lossSum = 0.0
  /// Correct predictions among the epoch's samples so far.
  package var correctCount = 0
  /// Training time of the epoch so far.
  package var epochSeconds = 0.0
  /// Time of the whole run so far, tests included.
  package var runSeconds = 0.0
  /// Percent, after the last tested epoch.
  package var testAccuracy = 0.0
  package var bestTestAccuracy = 0.0
  /// The first epoch with that accuracy; 0 before one was tested, or where an earlier ptrain did.
  package var bestTestEpoch = 0
  /// Smallest validation loss so far; nil before one was measured.
  package var bestValidationLoss: Double?
  /// The first epoch with that loss; 0 before one was measured.
  package var bestValidationEpoch = 0
  /// Why no step follows; nil where one does.
  package var end: RunEnd?
  package var isFinished: Bool { end != nil }

  package init() {}
}

/// Why a run is at its end.
package enum RunEnd: String, Sendable, CaseIterable {
  /// All of the recipe's were trained.
  case epochs
  /// The test accuracy reached its target.
  case target
  /// The validation loss got no better for as many epochs as were allowed.
  case patience
}

/// A run's values and position between two steps.
package struct TrainingSnapshot: Equatable, Sendable {
  package var model: ModelState
  /// Adam's mean or SGD's velocity, one value a value of the block.
  package var firstMoment: [Float]
  /// Adam's variance, one value a value of the block.
  package var secondMoment: [Float]
  /// The moving average of the parameters, one value a value of the block.
  package var average: [Float]
  /// The model of the epoch with the smallest validation loss; nil before one was measured.
  package var best: [Float]?
  /// In which the epoch sees values; empty where it sees them as they are, and before its first step.
  package var forms: [ValueForm]
  package var position: TrainingPosition

  package init(
    model: ModelState, firstMoment: [Float], secondMoment: [Float], average: [Float],
    best: [Float]? = nil, forms: [ValueForm] = [], position: TrainingPosition
  ) {
    precondition(firstMoment.count == model.values.count)
    precondition(secondMoment.count == model.values.count)
    precondition(average.count == model.values.count)
    precondition(best?.count ?? model.values.count == model.values.count)
    self.model = model
    self.firstMoment = firstMoment
    self.secondMoment = secondMoment
    self.average = average
    self.best = best
    self.forms = forms
    self.position = position
  }

  /// A run that has yet to begin, with these parameters.
  package init(startingFrom model: ModelState) {
    let zeros = [Float](repeating: 0, count: model.values.count)
    self.init(
      model: model, firstMoment: zeros, secondMoment: zeros, average: model.values,
      position: TrainingPosition())
  }
}

extension ParameterBlock {
  /// A copy of everything that an optimizer step reads besides gradients.
  func snapshot(
    at position: TrainingPosition, best: [Float]?, forms: [ValueForm]
  ) -> TrainingSnapshot {
    TrainingSnapshot(
      model: state, firstMoment: copy(firstMoment), secondMoment: copy(secondMoment),
      average: copy(average), best: best, forms: forms, position: position)
  }

  /// Takes an earlier run's moments and average; the parameters came with the block's first state.
  func restore(_ snapshot: TrainingSnapshot) {
    snapshot.firstMoment.withUnsafeBufferPointer {
      firstMoment.update(from: $0.baseAddress!, count: layout.count)
    }
    snapshot.secondMoment.withUnsafeBufferPointer {
      secondMoment.update(from: $0.baseAddress!, count: layout.count)
    }
    snapshot.average.withUnsafeBufferPointer {
      average.update(from: $0.baseAddress!, count: layout.count)
    }
  }
}
