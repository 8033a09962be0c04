// The Swift of a quantised network answers the interpreter's integers; on this machine, where the compiler
// for a microcontroller would make the same of it (Scripts/check-device runs it there).

import PTrainNetworks
import Testing

@testable import PTrainInterchange

@Suite struct IntegerSwiftProgramTests {
  @Test func everyOperation() throws {
    let input = Shape(channels: 3, height: 12, width: 15)
    let network = try QuantizedSample.quantized(QuantizedSample.model(input))
    let images = try QuantizedSample.images(input, count: 40)
    let program = network.swiftProgram(name: "net")
    #expect(!program.source.contains("import "))
    let main = """
      import Glibc
      guard net_self_test(), let images = fopen("images", "rb") else { exit(3) }
      var image = [UInt8](repeating: 0, count: \(input.count))
      var logits = [Int8](repeating: 0, count: 5)
      while fread(&image, 1, image.count, images) == image.count {
        let best = net_predict(image, &logits)
        guard best == net_predict(image, nil) else { exit(4) }
        print(([best] + logits.map { Int($0) }).map(String.init).joined(separator: " "))
      }
      """
    let folder = try ProgramFolder(["net.swift": program.source, "main.swift": main])
    try folder.write(images.allBytes, to: "images")
    let compiled = try folder.run(
      "swiftc",
      ["-O", "-swift-version", "6", "-D", "NET_SELF_TEST"]
        + ["-warnings-as-errors", "net.swift", "main.swift", "-o", "net"])
    try #require(compiled.status == 0, "\(compiled.text)")
    let answer = try folder.run("./net")
    try #require(answer.status == 0, "\(answer.text)")
    let lines = answer.text.split(separator: "\n").map(String.init)
    #expect(lines == QuantizedSample.answers(network, images))
  }
}
