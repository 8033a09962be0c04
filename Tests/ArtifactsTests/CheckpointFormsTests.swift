// Checkpoints within an epoch that trains for 8-bit integers.

import PTrainArtifacts
import PTrainDiagnostics
import PTrainNetworks
import Testing

@Suite struct CheckpointFormsTests {
  /// Within an epoch that trains for 8-bit integers, and nowhere else, a checkpoint has forms of values.
  @Test func formsOfValues() throws {
    var checkpoint = try sampleCheckpoint()
    checkpoint.snapshot.forms = [
      ValueForm(node: 0, form: NumberForm(scale: 0.1, zeroPoint: -128)),
      ValueForm(node: 2, form: NumberForm(scale: 1e-30, zeroPoint: 127)),
    ]
    #expect(throws: Failure.self) { try Checkpoint(checkpoint.bytes, source: "x") }
    var description = checkpoint.model.network.description
    (description.recipe.quantize, description.recipe.epochs) = (.int8, 3)
    checkpoint.model.network = try Network(
      description: description, input: checkpoint.model.network.input,
      classCount: checkpoint.model.network.classCount)
    #expect(try Checkpoint(checkpoint.bytes, source: "x") == checkpoint)
    let file = try Safetensors(checkpoint.bytes, source: "x")
    let place = try #require(file.tensors.firstIndex { $0.name == "quantization.forms" })
    for (index, value) in [
      (0, 99), (0, 2), (0, 0.5), (1, 0), (1, -1), (1, .nan), (2, 128), (2, 0.5), (2, .infinity),
    ] as [(Int, Float)] {
      var damaged = file
      damaged.tensors[place].values[index] = value
      #expect(throws: Failure.self) { try Checkpoint(sealed(damaged), source: "x") }
    }
    checkpoint.snapshot.forms = []
    #expect(throws: Failure.self) { try Checkpoint(checkpoint.bytes, source: "x") }
  }
}
