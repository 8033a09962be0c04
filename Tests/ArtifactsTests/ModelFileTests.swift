// Model files: complete in themselves, refused when they do not fit their own description.

import PTrainArtifacts
import PTrainDatasets
import PTrainDiagnostics
import PTrainImageFiles
import PTrainNetworks
import Testing

@Suite struct ModelFileTests {
  @Test func readsWhatItWrote() throws {
    let directory = TemporaryDirectory()
    let model = try sampleModel()
    let path = directory.path + "/model.safetensors"
    try model.write(to: path)
    #expect(try TrainedModel(contentsOf: path) == model)
    #expect(directory.names() == ["model.safetensors"])
  }

  @Test(arguments: ModelDescription.presetNames) func keepsEveryPreset(name: String) throws {
    let network = try Network(
      description: .preset(named: name), input: Shape(channels: 1, height: 28, width: 28),
      classCount: 10)
    let model = TrainedModel(
      network: network,
      state: ModelState(
        layout: network.layout, values: [Float](repeating: 0.1, count: network.layout.count)),
      normalization: .mnist)
    let read = try TrainedModel(Safetensors(model.safetensors.bytes, source: "x"), source: "x")
    #expect(read == model)
  }

  @Test func carriesTheVersions() throws {
    let file = try Safetensors(sampleModel().safetensors.bytes, source: "x")
    #expect(file.value(of: "format_version") == "1")
    #expect(file.value(of: "ptrain_version") == Version.program)
    #expect(file.value(of: "ptrain_commit") == Version.commit)
  }

  @Test(arguments: ["99", "two"]) func aLaterVersionIsToldAsOne(version: String) throws {
    var file = try sampleModel().safetensors
    let place = try #require(file.metadata.firstIndex { $0.key == "format_version" })
    file.metadata[place].value = version
    // What it describes need not make sense to this version.
    file.metadata.removeAll { $0.key == "description" }
    file.metadata.append(.init("description", "name: x\nlayers: [hyperConv: 3]"))
    let error = #expect(throws: Failure.self) { try TrainedModel(file, source: "x") }
    let start = "x: of format \(printable(version)), written by ptrain "
    #expect(error?.message.hasPrefix(start) == true)
  }

  @Test func namesTensorsAsPyTorch() throws {
    let names = try sampleModel().safetensors.tensors.map(\.name)
    #expect(
      names == [
        "conv1.weight", "conv1.bias", "bn1.weight", "bn1.bias", "bn1.running_mean",
        "bn1.running_var", "fc1.weight", "fc1.bias",
      ])
  }

  @Test(arguments: ["description", "input", "classes", "normalization.mean", "normalization.std"])
  func refusesMissingMetadata(key: String) throws {
    var file = try sampleModel().safetensors
    file.metadata.removeAll { $0.key == key }
    #expect(throws: Failure.self) { try TrainedModel(file, source: "x") }
  }

  @Test(arguments: [
    ("input", "1,4"), ("input", "1,4,-4"), ("input", "1,99999999999,99999999999"),
    ("classes", "0"), ("classes", "4"), ("classes", "9223372036854775807"),
    ("description", "name: sample"), ("description", "{"), ("normalization.std", "0"),
    ("normalization.std", "nan"), ("normalization.mean", "inf"), ("normalization.mean", "0,0"),
    ("normalization.mean", ""), ("normalization.mean", "0,"), ("normalization.of", "words"),
    ("class_names", "[]"), ("class_names", #"["a","b","b"]"#), ("class_names", #"["a","b",3]"#),
    ("class_names", "a,b,c"), ("preparation.background", "grey"),
  ])
  func refusesContradictingMetadata(key: String, value: String) throws {
    var file = try sampleModel().safetensors
    file.metadata.removeAll { $0.key == key }
    file.metadata.append(.init(key, value))
    let error = #expect(throws: Failure.self) { try TrainedModel(file, source: "x") }
    #expect(error?.kind == .badData)
  }

  @Test func keepsNamesOfClassesValuesOfChannelsAndBackground() throws {
    let grey = try sampleModel()
    let network = try Network(
      description: grey.network.description, input: Shape(channels: 3, height: 4, width: 4),
      classCount: 3)
    let model = TrainedModel(
      network: network, state: .initial(network: network, seed: 1),
      normalization: Normalization(
        means: [0.1, -2, 1e-9], standardDeviations: [0.25, 1 / 3, 7], pixelType: .float),
      classNames: ["a,b", "\"c\"\n", "d é 🐈"], background: RGBColor(1, 0xa2, 255))
    #expect(
      try TrainedModel(Safetensors(model.safetensors.bytes, source: "x"), source: "x") == model)
  }

  /// As files had them before there were names and channels.
  @Test func readsOlderMetadata() throws {
    var file = try sampleModel().safetensors
    file.metadata.removeAll { ["class_names", "normalization.of"].contains($0.key) }
    #expect(try TrainedModel(file, source: "x") == sampleModel())
    let network = try Network(
      description: sampleModel().network.description,
      input: Shape(channels: 3, height: 4, width: 4), classCount: 3)
    var colour = TrainedModel(
      network: network, state: .initial(network: network, seed: 1), normalization: .mnist
    ).safetensors
    let normalization = try TrainedModel(colour, source: "x").normalization
    #expect(normalization.means == [0.1307, 0.1307, 0.1307])
    #expect(normalization.standardDeviations == [0.3081, 0.3081, 0.3081])
    colour.metadata.removeAll { $0.key == "normalization.mean" }
    #expect(throws: Failure.self) { try TrainedModel(colour, source: "x") }
  }

  @Test func namesTheTensorThatDoesNotFit() throws {
    let file = try sampleModel().safetensors
    var missing = file
    missing.tensors.removeAll { $0.name == "bn1.bias" }
    #expect(throws: Failure(.badData, "x: the model's tensor bn1.bias is missing")) {
      try TrainedModel(missing, source: "x")
    }
    var extra = file
    extra.tensors.append(.init(name: "fc9.bias", shape: [1], values: [0]))
    #expect(throws: Failure(.badData, "x: holds a tensor that the model has not: 'fc9.bias'")) {
      try TrainedModel(extra, source: "x")
    }
    var reshaped = file
    reshaped.tensors[1].shape = [2, 1]
    #expect(throws: Failure(.badData, "x: conv1.bias has shape [2, 1], expected [2]")) {
      try TrainedModel(reshaped, source: "x")
    }
  }

  @Test func missingFileIsMissingInput() {
    let error = #expect(throws: Failure.self) {
      try TrainedModel(contentsOf: "does/not/exist.safetensors")
    }
    #expect(error?.kind == .missingInput)
  }
}

@Suite struct DigestTests {
  /// The examples of FIPS 180-2.
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
  ])
  func isSHA256(text: String, expected: String) {
    #expect(Array(text.utf8).withUnsafeBytes { sha256($0) } == expected)
  }

  /// hashlib.sha256(struct.pack("<3f", 1, -2, 0.5)) of Python.
  @Test func coversLittleEndianFloats() {
    let layout = StateLayout(tensors: [
      StateTensor(name: "w", shape: [3], role: .weight, offset: 0)
    ])
    #expect(
      ModelState(layout: layout, values: [1, -2, 0.5]).digest
        == "2ce4bdb6b34a50ac7092eb9fee94337a27498e9eb9bae44192f15b88831b2422")
  }

  @Test func changesWithEveryBit() throws {
    let model = try sampleModel()
    var digests: Set<String> = [model.state.digest]
    for index in model.state.values.indices {
      var state = model.state
      state.values[index] = state.values[index].nextUp
      digests.insert(state.digest)
    }
    #expect(digests.count == model.state.values.count + 1)
  }
}
