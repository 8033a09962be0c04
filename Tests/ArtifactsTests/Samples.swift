// What several tests share: a small model with values that are easy to recognise, and directories
// that vanish after the test.

import Glibc
import PTrainArtifacts
import PTrainDatasets
import PTrainNetworks

/// Channels 1, 4 x 4 pixels, 3 classes: conv, BN and a dense layer, 37 values in the block.
func sampleModel(seed: Int = 0) throws -> TrainedModel {
  let description = ModelDescription(
    name: "sample",
    layers: [
      .conv(filters: 2, kernel: 3, stride: 1, padding: 1, bias: true), .relu, .batchNorm,
      .globalAveragePool, .dense(features: nil, bias: true),
    ])
  let network = try Network(
    description: description, input: Shape(channels: 1, height: 4, width: 4), classCount: 3)
  let values = (0..<network.layout.count).map { Float($0 + seed) / 7 }
  return TrainedModel(
    network: network, state: ModelState(layout: network.layout, values: values),
    normalization: Normalization(mean: 0.1307, standardDeviation: 0.3081))
}

let sampleDigests = DataDigests([
  .trainingImages: "a", .trainingLabels: "b", .testImages: "c", .testLabels: "d",
])

/// What the sample model was trained on.
let sampleData = DataFingerprint(
  name: "MNIST", trainSampleCount: 6, testSampleCount: 2, normalization: .mnist,
  classNames: ["0", "1", "a \"b\""], digests: sampleDigests)

/// A directory of its own for one test.
final class TemporaryDirectory {
  let path: String

  init() {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(base)/ptrain-test-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template))
  }

  deinit { remove(path) }

  private func remove(_ path: String) {
    for name in names(path) { remove("\(path)/\(name)") }
    if unlink(path) != 0 { rmdir(path) }
  }

  /// What lies in the directory or in one below it, sorted.
  func names(_ directory: String? = nil) -> [String] {
    guard let stream = opendir(directory ?? path) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        String(cString: $0.bindMemory(to: CChar.self).baseAddress!)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
