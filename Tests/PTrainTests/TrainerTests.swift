// Training from a program, by what `import PTrain` alone gives.

import PTrain
import Testing

@Suite struct TrainerTests {
  @Test func sameBitsAtAnyNumberOfThreads() throws {
    let dataset = try Samples.dataset()
    let digests = try [1, 3].map { threads in
      try Trainer(Samples.network(), on: dataset, machine: Machine(threadCount: threads)).run()
        .digest
    }
    #expect(digests[0] == digests[1])
    var options = Trainer.Options()
    options.seed = 2
    #expect(
      try Trainer(Samples.network(), on: dataset, options: options).run().digest != digests[0])
  }

  @Test func learns() throws {
    let dataset = try Samples.dataset()
    var kinds: [String] = []
    var last: TrainingEpoch?
    let model = try Trainer(Samples.network(), on: dataset).run { event in
      switch event {
      case .started(let start):
        kinds.append("started")
        #expect((start.trainingCount, start.testCount, start.batchSize) == (96, 32, 16))
      case .step(let step):
        #expect(step.stepCount == 6)
        if step.step == 5 { kinds.append("last step") }
      case .epoch(let epoch):
        kinds.append("epoch \(epoch.epoch)")
        last = epoch
      case .finished(let end):
        kinds.append("finished")
        #expect(end.keptEpoch == 2)
      }
    }
    #expect(
      kinds == ["started", "last step", "epoch 1", "last step", "epoch 2", "finished"])
    #expect(last?.test.accuracy == 100)
    #expect(last?.model == model)
    let evaluation = try model.evaluate(on: dataset.test)
    #expect(evaluation.confusion == [[16, 0], [0, 16]])
    // Summed by minibatches of another size.
    #expect(abs(evaluation.loss - last!.test.loss) < 1e-6)
  }

  @Test func eventsAreThoseOfARun() async throws {
    let dataset = try Samples.dataset()
    var expected: [Double] = []
    try Trainer(Samples.network(), on: dataset).run {
      if case .step(let step) = $0 { expected.append(step.loss) }
    }
    var losses: [Double] = []
    for try await event in try Trainer(Samples.network(), on: dataset).events() {
      if case .step(let step) = event { losses.append(step.loss) }
    }
    #expect(losses == expected)
    #expect(losses.count == 12)
  }

  /// The trainer is held here, so that its end is seen: a checkpoint's position moves no more.
  @Test func aCancelledTaskEndsTheRun() async throws {
    let trainer = try Trainer(Samples.network(epochs: 100_000), on: try Samples.dataset())
    let task = Task {
      var count = 0
      for try await event in trainer.events() {
        if case .step = event { count += 1 }
        if count == 3 { withUnsafeCurrentTask { $0?.cancel() } }
      }
      return count
    }
    _ = await task.result
    while trainer.isRunning { try await Task.sleep(for: .milliseconds(1)) }
    let (first, second) = (trainer.checkpoint(), trainer.checkpoint())
    #expect(first.epoch < 100_000)
    #expect((first.epoch, first.step) == (second.epoch, second.step))
  }

  @Test func anErrorOfTheListenerEndsTheRun() throws {
    struct Enough: Error {}
    let trainer = try Trainer(Samples.network(), on: try Samples.dataset())
    #expect(throws: Enough.self) {
      try trainer.run { if case .step = $0 { throw Enough() } }
    }
    #expect(trainer.checkpoint().step == 1)
  }

  @Test func stopKeepsTheModel() throws {
    let trainer = try Trainer(Samples.network(epochs: 50), on: try Samples.dataset())
    var kept: TrainedModel?
    let model = try trainer.run {
      guard case .epoch(let epoch) = $0 else { return }
      kept = epoch.model
      if epoch.epoch == 3 { trainer.stop() }
    }
    #expect(model == kept)
    #expect(trainer.checkpoint().epoch == 4)
  }

  @Test func goesOnFromACheckpoint() throws {
    let dataset = try Samples.dataset()
    let whole = try Trainer(Samples.network(), on: dataset).run()
    let trainer = try Trainer(Samples.network(), on: dataset)
    var middle: Checkpoint?
    try trainer.run {
      if case .step(let step) = $0, step.epoch == 1, step.step == 3 {
        middle = trainer.checkpoint()
      }
    }
    let checkpoint = try #require(middle)
    #expect((checkpoint.epoch, checkpoint.step) == (1, 4))
    #expect(try Trainer(resuming: checkpoint, on: dataset).run() == whole)
    let other = try Dataset(
      name: "others", training: try Samples.set(96, first: 2), test: try Samples.set(32, first: 96))
    #expect(throws: PTrainError.self) { try Trainer(resuming: checkpoint, on: other) }
  }

  @Test func aScheduleOfOnesOwn() throws {
    let dataset = try Samples.dataset()
    let usual = try Trainer(Samples.network(), on: dataset).run()
    var options = Trainer.Options()
    options.learningRate = { step, stepsPerEpoch in
      #expect(stepsPerEpoch == 6 && (0..<12).contains(step))
      return 0.01
    }
    #expect(
      try Trainer(Samples.network(), on: dataset, options: options).run().digest == usual.digest)
    options.learningRate = { step, _ in step < 6 ? 0.01 : 0.001 }
    #expect(
      try Trainer(Samples.network(), on: dataset, options: options).run().digest != usual.digest)
    options.learningRate = { _, _ in .nan }
    #expect(throws: PTrainError(.usage, "the learning rate of step 0 is nan; expected 0 or above"))
    {
      try Trainer(Samples.network(), on: dataset, options: options).run()
    }
  }

  @Test func startsFromAModel() throws {
    let dataset = try Samples.dataset()
    let first = try Trainer(Samples.network(), on: dataset).run()
    let trainer = try Trainer(Samples.network(), on: dataset, startingFrom: first)
    #expect(trainer.checkpoint().model.digest == first.digest)
    var smaller = Samples.network()
    smaller.layers.removeFirst(3)
    #expect(throws: PTrainError.self) { try Trainer(smaller, on: dataset, startingFrom: first) }
  }

  @Test func refusesWhatCannotBe() throws {
    let dataset = try Samples.dataset()
    #expect(throws: PTrainError(.usage, "0 threads: expected 1 to 1024")) {
      try Trainer(Samples.network(), on: dataset, machine: Machine(threadCount: 0))
    }
    var options = Trainer.Options()
    options.patience = 3
    let refusal = PTrainError(
      .usage,
      "a patience of 3 epochs needs a validation set to watch; hold some of the training images out"
    )
    #expect(throws: refusal) {
      try Trainer(Samples.network(), on: dataset, options: options)
    }
    #expect(throws: PTrainError.self) {
      try ImageSet(height: 2, width: 2, images: [1, 2, 3], labels: [0])
    }
    #expect(throws: PTrainError.self) {
      try ImageSet(height: 1, width: 1, images: [1], labels: [2], classNames: ["a", "b"])
    }
  }
}
