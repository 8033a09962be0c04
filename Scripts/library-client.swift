// A stranger's program, which Scripts/check-library builds in a package of its own, with three modules of its own:
// of this package it imports `PTrain` only.

import PTrainEngine
import PTrainMemory
import PTrainNetworks
import PTrain

@main struct Client {
  static func main() async throws {
    print("beside \(Engine.name), \(Memory.name) and \(Networks.name)")
    let dataset = try Dataset.standard()
    var description = try ModelDescription.preset(named: "compact")
    description.recipe.epochs = 1
    let model = try Trainer(description, on: dataset).run()
    print("digest \(model.digest)")

    let trainer = try Trainer(description, on: dataset)
    let task = Task {
      var last = -1
      for try await event in trainer.events() {
        if case .step(let step) = event { last = step.step }
        if last == 10 { withUnsafeCurrentTask { $0?.cancel() } }
      }
    }
    _ = await task.result
    // The steps that the run did while its events were on their way to the task.
    while trainer.isRunning { await Task.yield() }
    let end = trainer.checkpoint()
    print("cancelled after step 10, ended in epoch \(end.epoch) at step \(end.step)")

    let size = dataset.test.height * dataset.test.width
    let pixels = dataset.test.pixels(of: 0)
    precondition(pixels.count == size)
    let image = try Image(height: dataset.test.height, width: dataset.test.width, pixels: pixels)
    print("the first test image is a \(try Predictor(model).classify(image).label)")
  }
}
