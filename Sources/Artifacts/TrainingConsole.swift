// Listens to a training run and shows it: a bar on a terminal, a line an epoch anywhere else.
// Bars and remarks go to stderr, results to stdout.

import PTrainEngine

/// Where lines go and what can be drawn there.
package struct ConsoleOutput {
  /// Whether a bar can be drawn over itself.
  package var drawsBars: Bool
  /// Columns that the terminal has now; nil when it does not say.
  package var columnCount: () -> Int?
  /// Takes text for stdout.
  package var writeResult: (String) throws -> Void
  /// Takes text for stderr.
  package var writeRemark: (String) throws -> Void
  /// Seconds from any fixed moment.
  package var now: () -> Double

  package init(
    drawsBars: Bool, columnCount: @escaping () -> Int? = { nil },
    writeResult: @escaping (String) throws -> Void,
    writeRemark: @escaping (String) throws -> Void, now: @escaping () -> Double
  ) {
    self.drawsBars = drawsBars
    self.columnCount = columnCount
    self.writeResult = writeResult
    self.writeRemark = writeRemark
    self.now = now
  }
}

package final class TrainingConsole {
  /// Between two drawings of the bar.
  private static let interval = 0.1

  private let output: ConsoleOutput
  private var epochStart = 0.0
  private var epochCount = 0
  /// Of the epochs that this process has trained from their beginning.
  private var wholeSeconds: [Double] = []
  private var firstStep: Int?
  private var lastDrawing = -Double.infinity
  private var drawnCount = 0

  package init(_ output: ConsoleOutput) { self.output = output }

  package func receive(_ event: TrainingEvent) throws {
    switch event {
    case .started(let info):
      try output.writeRemark(info.startLine + "\n")
      for line in info.notes { try output.writeRemark(line + "\n") }
      epochCount = info.epochCount
      epochStart = output.now()
    case .step(let step): try show(step)
    case .epoch(let result, _):
      try show(result)
      firstStep = nil
    case .finished: break
    }
  }

  /// Ends a bar that was left open, so that the next line starts at the left.
  package func closeBar() throws {
    guard drawnCount > 0 else { return }
    try output.writeRemark("\n")
    drawnCount = 0
  }

  private func show(_ step: StepResult) throws {
    let firstStep = firstStep ?? step.step
    self.firstStep = firstStep
    guard output.drawsBars else { return }
    let now = output.now()
    let isLast = step.step + 1 == step.stepCount
    guard isLast || now - lastDrawing >= Self.interval else { return }
    lastDrawing = now
    let bar = ProgressBar(
      loss: step.loss, step: step.step, stepCount: step.stepCount,
      elapsedSeconds: now - epochStart, firstStep: firstStep)
    try draw(bar.text)
    if isLast { try closeBar() }
  }

  private func show(_ result: EpochResult) throws {
    let now = output.now()
    if firstStep ?? 0 == 0 { wholeSeconds.append(now - epochStart) }
    epochStart = now
    let mean = wholeSeconds.reduce(0, +) / Double(wholeSeconds.count)
    let remaining = mean * Double(epochCount - result.epoch)
    try output.writeRemark(
      result.remark(epochCount: epochCount, remainingSeconds: remaining) + "\n")
    if let validation = result.validation {
      try output.writeResult(validation.line(of: "Validation set") + "\n")
    }
    try output.writeResult(result.test.testSetLine + "\n")
  }

  /// Draws over what was drawn before, within one line of the terminal.
  private func draw(_ text: String) throws {
    let room = output.columnCount().map { max(1, $0 - 1) } ?? .max
    let visible = text.prefix(room)
    let blanks = String(repeating: " ", count: max(0, min(drawnCount, room) - visible.count))
    try output.writeRemark("\r" + visible + blanks)
    drawnCount = visible.count
  }
}
