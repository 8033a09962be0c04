// The bar of a training epoch as people know it from tqdm, and the lines of results.
// Pure functions of numbers; what is a terminal and what time it is, others know.

import PTrainDatasets
import PTrainEngine

/// One epoch's bar: `loss=0.0584 batch_id=234: 100%|██████████| 235/235 [00:05<00:00, 47.1it/s]`.
package struct ProgressBar: Equatable, Sendable {
  package var loss: Double
  /// 0-based within the epoch.
  package var step: Int
  package var stepCount: Int
  package var elapsedSeconds: Double
  /// Steps that were done when `elapsedSeconds` began: more than 0 after a resume in mid-epoch.
  package var firstStep = 0

  package init(
    loss: Double, step: Int, stepCount: Int, elapsedSeconds: Double, firstStep: Int = 0
  ) {
    self.loss = loss
    self.step = step
    self.stepCount = stepCount
    self.elapsedSeconds = elapsedSeconds
    self.firstStep = firstStep
  }

  package var text: String {
    let done = step + 1
    let percent = fixed(100 * Double(done) / Double(stepCount), 0).leftPadded(to: 3)
    let times = "[\(clock(elapsedSeconds))<\(clock(remainingSeconds)), \(rateText)]"
    return "loss=\(fixed(loss, 4)) batch_id=\(step): \(percent)%|\(cells(done, of: stepCount))| "
      + "\(done)/\(stepCount) \(times)"
  }

  private var stepsPerSecond: Double {
    elapsedSeconds > 0 ? Double(step + 1 - firstStep) / elapsedSeconds : 0
  }

  private var remainingSeconds: Double {
    step + 1 == stepCount ? 0 : Double(stepCount - step - 1) / stepsPerSecond
  }

  private var rateText: String {
    switch stepsPerSecond {
    case 0: "?it/s"
    case 1...: "\(fixed(stepsPerSecond, 1))it/s"
    default: "\(fixed(1 / stepsPerSecond, 1))s/it"
    }
  }
}

/// Ten cells: full ones, one in eighths, blanks.
private func cells(_ done: Int, of count: Int) -> String {
  let width = 10
  let eighths = 8 * width * done / max(count, 1)
  let full = String(repeating: "█", count: eighths / 8)
  let part = eighths % 8 == 0 ? "" : String("▏▎▍▌▋▊▉".dropFirst(eighths % 8 - 1).prefix(1))
  return full + part + String(repeating: " ", count: width - full.count - part.count)
}

/// The bar of decoding: `Decoding: 100%|██████████| 60000/60000 [00:03, 19,500 images/s]`.
package struct DecodingBar: Equatable, Sendable {
  private let progress: DecodingProgress
  private let elapsedSeconds: Double

  package init(_ progress: DecodingProgress, elapsedSeconds: Double) {
    self.progress = progress
    self.elapsedSeconds = elapsedSeconds
  }

  package var text: String {
    let (done, total) = (progress.doneCount, progress.totalCount)
    let percent = fixed(100 * Double(done) / Double(max(total, 1)), 0).leftPadded(to: 3)
    let rate = elapsedSeconds > 0 ? grouped(Int(Double(done) / elapsedSeconds)) : "?"
    return "Decoding: \(percent)%|\(cells(done, of: total))| \(done)/\(total) "
      + "[\(clock(elapsedSeconds)), \(rate) images/s]"
  }
}
