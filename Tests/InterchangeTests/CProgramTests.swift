// Programs in C are compiled without a warning, and answer what the reference answers.

import PTrainArtifacts
import PTrainDatasets
import PTrainNetworks
import Testing

@testable import PTrainInterchange

@Suite struct CProgramTests {
  /// Every operation, in place and not, with values that several steps read.
  static let layers = """
    name: everything
    layers:
      - conv: {filters: 6, kernel: [3, 2], stride: [1, 2], padding: 1}
      - batchNorm
      - leakyRelu: 0.1
      - residual: [{conv: {filters: 6, padding: 1, groups: 2, dilation: 1, bias: false}}, batchNorm, silu]
      - concat: [[{maxPool: {size: 3, stride: 1, padding: 1}}], [{conv: {filters: 5, kernel: 1}}, gelu], []]
      - scale: [globalAveragePool, {conv: {filters: 17, kernel: 1}}, sigmoid]
      - scale: [{conv: {filters: 17, kernel: 1}}, hardSwish]
      - depthwise: {kernel: 3, stride: 2, padding: same, multiplier: 2}
      - relu6
      - averagePool: {size: 2, stride: 1, padding: 1}
      - conv: {filters: 7, kernel: 2, dilation: 2}
      - batchNorm
      - relu
      - batchNorm
      - tanh
      - concat: [[flatten], [globalMaxPool]]
      - dense: 9
      - batchNorm
      - concat: [[relu], [{dense: 4}]]
      - dense: classes
    """

  private static func model(_ description: ModelDescription, _ input: Shape) throws -> TrainedModel
  {
    try .sample(description, input, mean: 0.1, step: 0.2)
  }

  private func expectAnswers(_ model: TrainedModel) throws {
    let input = model.network.input
    let program = model.cProgram(name: "net", headerFile: "net.h")
    let main = """
      #include <stdio.h>
      #include "net.h"
      int main(void)
      {
          uint8_t image[\(input.count)];
          float logits[\(model.network.classCount)];
          if (net_self_test() != 0) return 3;
          for (int seed = 0; seed < 3; seed++) {
              for (int i = 0; i < \(input.count); i++) image[i] = (uint8_t)((i + seed) * 91 + i * i % 50);
              const int best = net_predict(image, logits);
              if (best != net_predict(image, 0)) return 4;
              printf("%d", best);
              for (int k = 0; k < \(model.network.classCount); k++) printf(" %.9g", (double)logits[k]);
              printf("\\n");
          }
          return 0;
      }
      """
    let folder = try ProgramFolder([
      "net.h": program.header, "net.c": program.source, "main.c": main,
    ])
    let flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1", "-DNET_SELF_TEST"]
    let compiled = try folder.run(
      "clang", flags + ["-fsanitize=address,undefined", "net.c", "main.c", "-o", "net", "-lm"])
    try #require(compiled.status == 0, "\(compiled.text)")
    let answer = try folder.run("./net")
    try #require(answer.status == 0, "\(answer.text)")
    let lines = answer.text.split(separator: "\n")
    try #require(lines.count == 3)
    for (seed, line) in lines.enumerated() {
      let numbers = line.split(separator: " ").compactMap { Double($0) }
      let image = (0..<input.count).map {
        UInt8(truncatingIfNeeded: ($0 + seed) * 91 + $0 * $0 % 50)
      }
      let logits = reference(model, image)
      let largest = logits.map(abs).max()!
      #expect(numbers.count == logits.count + 1)
      #expect(zip(numbers.dropFirst(), logits).allSatisfy { abs($0 - $1) <= 1e-5 * largest })
      #expect(logits[Int(numbers[0])] >= logits.max()! - 2e-5 * largest)
    }
  }

  private func reference(_ model: TrainedModel, _ image: [UInt8]) -> [Double] {
    let input = model.network.input
    let pixels = input.height * input.width
    let values = (0..<input.count).map { index in
      let (channel, pixel) = index.quotientAndRemainder(dividingBy: pixels)
      let byte = Float(image[pixel * input.channels + channel])
      return Double(model.normalization.input(byte, channel: channel))
    }
    return ReferenceNetwork<Double>(network: model.network, state: model.state)
      .forward(values, mode: .evaluation).output
  }

  @Test(arguments: [
    Shape(channels: 1, height: 13, width: 12), Shape(channels: 3, height: 12, width: 15),
  ])
  func everyOperation(input: Shape) throws {
    try expectAnswers(Self.model(.parse(yaml: Self.layers, source: "test"), input))
  }

  @Test(arguments: [
    ("tiny", 1, 28, 28), ("lenet5", 1, 28, 28), ("resnet8", 3, 32, 32), ("ds-cnn", 1, 49, 10),
  ])
  func presets(name: String, channels: Int, height: Int, width: Int) throws {
    let input = Shape(channels: channels, height: height, width: width)
    try expectAnswers(Self.model(.preset(named: name), input))
  }

  @Test func namesAreIdentifiers() {
    #expect(TrainedModel.cName("model") == "model")
    #expect(TrainedModel.cName("2 wörter-x") == "model_2_w_rter_x")
    #expect(TrainedModel.cName("") == "model_")
  }
}
