// A schedule of one's own, and an end when it is good enough: events of a run as a sequence.
//
//     EarlyStop            reads $PTRAIN_DATA, or MNIST from the cache or a download

import PTrain

@main struct EarlyStop {
  static func main() async throws {
    var dataset = try Dataset.standard { print($0) }
    try dataset.limit(training: 6000, test: 2000)
    try dataset.holdOutValidation(.share(0.1), seed: 1)

    // article: schedule
    var options = Trainer.Options()
    // Up for an epoch, then down by a third each epoch.
    options.learningRate = { step, stepsPerEpoch in
      let epoch = Double(step) / Double(stepsPerEpoch)
      return epoch < 1 ? 0.05 * epoch : 0.05 / (1 + (epoch - 1) / 2)
    }
    let trainer = try Trainer(.preset(named: "tiny"), on: dataset, options: options)
    // end of article

    var best: (loss: Double, model: TrainedModel?) = (.infinity, nil)
    for try await event in trainer.events() {
      switch event {
      case .started(let start):
        print("\(start.parameterCount) parameters, \(start.trainingCount) images")
      case .epoch(let epoch):
        let loss = epoch.validation!.loss
        print(
          "epoch \(epoch.epoch): validation loss \(rounded(loss)), test \(epoch.test.accuracy) %")
        // Good enough, or not a tenth better than before: ask for the end.
        if loss < 0.15 || loss > 0.9 * best.loss { trainer.stop() }
        if loss < best.loss { best = (loss, epoch.model) }
      case .step, .finished: break
      }
    }
    let model = best.model!
    print("stopped: \(rounded(try model.evaluate(on: dataset.test).accuracy)) % of the test images")
  }

  static func rounded(_ value: Double) -> Double { (value * 1000).rounded() / 1000 }
}
