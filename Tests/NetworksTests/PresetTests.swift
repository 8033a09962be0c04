// The presets' figures on the input that each was made for: what the world counts for these networks.

import PTrainDiagnostics
import Testing

@testable import PTrainNetworks

@Suite struct PresetFigureTests {
  private func network(_ name: String) throws -> Network {
    let input = try ModelDescription.presetInput(named: name)
    return try Network(
      description: .preset(named: name), input: input.shape, classCount: input.classCount)
  }

  /// Counts of MLPerf Tiny's sources and of torchvision's LeNet; ours for ours.
  @Test(arguments: [
    ("cifar-20k", 19_386), ("cifar-300k", 277_034), ("cifar-30min", 1_972_802),
    ("cifar-80k", 78_746), ("cifar-fast", 569_666), ("compact", 19_970), ("ds-cnn", 23_756),
    ("eva8", 19_822), ("fashion", 77_066), ("lenet5", 61_706), ("mobilenet-025", 216_322),
    ("resnet8", 78_186), ("tiny", 7_578),
  ])
  func parameters(name: String, count: Int) throws {
    #expect(try network(name).layout.parameterCount == count)
  }

  /// In millions, as published.
  @Test(arguments: [("resnet8", 12.50), ("mobilenet-025", 7.49), ("ds-cnn", 2.66)])
  func multiplyAdds(name: String, millions: Double) throws {
    #expect(abs(Double(try network(name).multiplyAdds) / 1e6 - millions) < 0.005)
  }

  @Test func allAreListed() throws {
    #expect(ModelDescription.presetNames.count == 13)
    #expect(ModelDescription.presetNames == ModelDescription.presetNames.sorted())
    for name in ModelDescription.presetNames {
      let yaml = try ModelDescription.presetYAML(named: name)
      #expect(yaml.hasPrefix("# ") && yaml.contains("\nname: \(name)\n"))
      #expect(try ModelDescription.parse(yaml: yaml, source: name) == .preset(named: name))
    }
    #expect(throws: Failure.self) { try ModelDescription.presetYAML(named: "vgg") }
    #expect(throws: Failure.self) { try ModelDescription.presetInput(named: "vgg") }
  }

  /// A description that fits the preset's input fits others too.
  @Test func theyTakeSmallGreyImages() throws {
    for name in ModelDescription.presetNames {
      let network = try Network(
        description: .preset(named: name), input: NetworkTests.mnist, classCount: 3)
      #expect(network.graph.nodes.last?.output == Shape(channels: 3))
    }
  }

  @Test func namesFollowTheReadingOrder() throws {
    let names = try network("resnet8").graph.nodes.map(\.name)
    #expect(
      names[..<12] == [
        "conv1", "bn1", "relu3", "conv2", "bn2", "relu6", "conv3", "bn3", "add9", "relu10", "conv4",
        "bn4",
      ])
    // The body's convolutions are 4 and 5, the shortcut's comes behind them.
    #expect(names[13...16] == ["conv5", "bn5", "conv6", "add17"])
    let layout = try network("mobilenet-025").layout
    #expect(layout["conv2.weight"]?.shape == [8, 1, 3, 3])
    #expect(layout["conv3.weight"]?.shape == [16, 8, 1, 1])
    #expect(layout["conv27.weight"]?.shape == [256, 256, 1, 1])
    #expect(try network("ds-cnn").layout["conv1.weight"]?.shape == [64, 1, 10, 4])
  }
}
