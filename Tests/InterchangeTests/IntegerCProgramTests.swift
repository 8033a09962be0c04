// The C of a quantised network is compiled without a warning by both compilers, touches nothing but its own
// memory, and answers the interpreter's integers.

import PTrainArtifacts
import PTrainDatasets
import PTrainNetworks
import Testing

@testable import PTrainInterchange

@Suite struct IntegerCProgramTests {
  private func expectAnswers(_ model: TrainedModel, count: Int, compilers: [String]) throws {
    let input = model.network.input
    let network = try QuantizedSample.quantized(model)
    let images = try QuantizedSample.images(input, count: count)
    let classes = model.network.classCount
    let program = network.cProgram(name: "net", headerFile: "net.h")
    #expect(!program.source.contains("malloc") && !program.source.contains("#include <"))
    let main = """
      #include <stdio.h>
      #include "net.h"
      int main(void)
      {
          static uint8_t image[\(input.count)];
          int8_t logits[\(classes)];
          FILE *images = fopen("images", "rb");
          if (net_self_test() != 0) return 3;
          while (images && fread(image, 1, sizeof image, images) == sizeof image) {
              const int best = net_predict(image, logits);
              if (best != net_predict(image, 0)) return 4;
              printf("%d", best);
              for (int k = 0; k < \(classes); k++) printf(" %d", logits[k]);
              printf("\\n");
          }
          return 0;
      }
      """
    let folder = try ProgramFolder([
      "net.h": program.header, "net.c": program.source, "main.c": main,
    ])
    try folder.write(images.allBytes, to: "images")
    let expected = QuantizedSample.answers(network, images)
    let flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1", "-DNET_SELF_TEST"]
    for compiler in compilers {
      let compiled = try folder.run(
        compiler,
        flags + ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
          + ["net.c", "main.c", "-o", "net"])
      try #require(compiled.status == 0, "\(compiled.text)")
      let answer = try folder.run("./net")
      try #require(answer.status == 0, "\(answer.text)")
      #expect(answer.text.split(separator: "\n").map(String.init) == expected)
    }
  }

  @Test(arguments: [
    Shape(channels: 1, height: 13, width: 12), Shape(channels: 3, height: 12, width: 15),
  ])
  func everyOperation(input: Shape) throws {
    try expectAnswers(QuantizedSample.model(input), count: 40, compilers: ["clang", "gcc"])
  }

  @Test(arguments: [
    ("tiny", 1, 28, 28, 1000), ("lenet5", 1, 28, 28, 100), ("resnet8", 3, 32, 32, 10),
    ("ds-cnn", 1, 49, 10, 20),
  ])
  func presets(name: String, channels: Int, height: Int, width: Int, count: Int) throws {
    let input = Shape(channels: channels, height: height, width: width)
    try expectAnswers(
      QuantizedSample.model(.preset(named: name), input), count: count, compilers: ["clang"])
  }

  /// What works number by number writes over its input, unless somebody reads that later.
  @Test func placesOfValues() {
    typealias Step = ValuePlaces.Step
    let steps = [
      Step(inputs: [0], value: 1, result: .apart), Step(inputs: [1], value: 2, result: .overInput),
      Step(inputs: [2], value: 3, result: .apart),
      Step(inputs: [2, 3], value: 4, result: .overInput),
      Step(inputs: [4], value: 5, result: .view), Step(inputs: [3], value: 6, result: .overInput),
      Step(inputs: [5, 6], value: 7, result: .apart),
    ]
    let places = ValuePlaces(image: 0, steps) { _ in 8 }
    #expect(places[1] == places[2])
    // Value 2 is read once more, by the step that overwrites it.
    #expect(places[2] == places[4] && places[4] == places[5])
    #expect(places[3] == places[6] && places[3] != places[4])
    #expect(places[7] != places[5] && places[7] != places[6])
    #expect(places.count == 24)
  }
}
