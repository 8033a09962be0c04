// The event file of a run, where one is asked for: with the run's other files, when training starts.

import Glibc
import PTrainArtifacts
import PTrainDiagnostics
import PTrainEngine
import PTrainInterchange

/// Writes TensorBoard's file, or nothing.
final class RunEvents {
  private let path: String
  private let isWanted: Bool
  private let resumed: TrainingPosition?
  private var writer: EventWriter?

  /// A run that goes on keeps on writing what it began to.
  init(in directory: RunDirectory, isAsked: Bool, resumed: TrainingPosition?) {
    path = directory.eventsPath
    isWanted = isAsked || resumed != nil && fileExists(path)
    self.resumed = resumed
  }

  func receive(_ event: TrainingEvent) throws {
    guard isWanted else { return }
    if case .started = event {
      writer = try EventWriter(path: path, keepingEpochsBefore: resumed?.epoch) {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
      }
    }
    try writer?.receive(event)
  }
}
