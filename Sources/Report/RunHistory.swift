// What a run's metrics file tells, as far as a page shows it.
// The file may be of another version or cut off: what a line lacks is left open, what is no line is passed
// over.

import FoundationEssentials
import PTrainDiagnostics

/// The lines of a metrics file by kind.
package struct RunHistory: Equatable, Sendable {
  /// What the run began with.
  package struct Start: Decodable, Equatable, Sendable {
    package var model: String?
    package var parameters: Int?
    package var threads: Int?
    package var ranks: Int?
    package var nodes: Int?
    package var instructionSet: String?
    package var seed: UInt64?
    package var batchSize: Int?
    package var trainSamples: Int?
    package var testSamples: Int?
    package var dataDigest: String?
    package var epochs: Int?
    package var optimizer: String?
    package var learningRate: Double?
    package var schedule: String?
    package var weightDecay: Double?
    package var augment: String?
  }

  /// One epoch; percentages, seconds.
  package struct Epoch: Decodable, Equatable, Sendable {
    package var epoch: Int
    package var learningRate: Double?
    package var trainLoss: Double?
    package var trainAccuracy: Double?
    package var testLoss: Double?
    package var testCorrect: Int?
    package var testAccuracy: Double?
    package var validationLoss: Double?
    package var validationAccuracy: Double?
    package var seconds: Double?
    package var imagesPerSecond: Double?
    package var digest: String?
  }

  package var start: Start?
  /// In rising order.
  package var epochs: [Epoch] = []
  /// Epochs in which another process went on with the run.
  package var resumedEpochs: [Int] = []
  /// Whether the run came to its end.
  package var isFinished = false

  package init() {}

  /// Longest metrics file that is read, in bytes.
  private static let byteLimit = 64 << 20

  /// Throws `missingInput` or `badData` where there is no such file, or one beyond 64 MB.
  package init(contentsOf path: String) throws(Failure) {
    self.init(lines: try readFile(path, limit: Self.byteLimit))
  }

  package init(lines bytes: [UInt8]) {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    func read<Line: Decodable>(_ type: Line.Type, _ line: Data) -> Line? {
      try? decoder.decode(type, from: line)
    }
    for slice in bytes.split(separator: UInt8(ascii: "\n")) {
      let line = Data(slice)
      switch read(Head.self, line)?.event {
      case "start": start = read(Start.self, line) ?? start
      case "epoch":
        guard let epoch = read(Epoch.self, line), epoch.epoch > epochs.last?.epoch ?? 0 else {
          continue
        }
        epochs.append(epoch)
      case "resume":
        if let epoch = read(Resume.self, line)?.epoch { resumedEpochs.append(epoch) }
      case "end": isFinished = true
      default: continue
      }
    }
  }

  private struct Head: Decodable { let event: String }
  private struct Resume: Decodable { let epoch: Int }
}

extension RunHistory {
  /// The first of the epochs with the best test accuracy; nil where none was tested.
  package var best: Epoch? {
    epochs.filter { $0.testAccuracy != nil }
      .max { ($0.testAccuracy!, $1.epoch) < ($1.testAccuracy!, $0.epoch) }
  }

  /// Of all epochs' training parts.
  package var trainingSeconds: Double { epochs.reduce(0) { $0 + ($1.seconds ?? 0) } }
}
