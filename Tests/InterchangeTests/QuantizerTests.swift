// Quantisation: ranges, weights and zero points follow their definitions, and little is lost.

import PTrainArtifacts
import PTrainDatasets
import PTrainDiagnostics
import PTrainNetworks
import Testing

@testable import PTrainInterchange

@Suite struct QuantizerTests {
  @Test(arguments: RangeMethod.allCases)
  func valuesStayNearFloatingPoint(ranges: RangeMethod) throws {
    let model = try QuantizedSample.model(Shape(channels: 3, height: 12, width: 15))
    let network = try QuantizedSample.quantized(model, ranges: ranges)
    let images = try QuantizedSample.images(model.network.input, count: 40)
    let losses = try model.losses(
      of: network, on: CalibrationImages(images, count: 40, threadCount: 2))
    #expect(losses.count == network.steps.count { $0.operation != .flatten })
    // Weights that no training made: behind some joins little is left of the values but their differences.
    #expect(losses.allSatisfy { $0.decibels > 12 })
    #expect(losses.count { $0.decibels > 28 } > losses.count * 4 / 5)
    #expect(zip(losses, losses.dropFirst()).allSatisfy { $0.addedNoise >= $1.addedNoise })
  }

  /// The same numbers as the reference of the whole network: what is folded and fused changes nothing
  /// but the border of the first layer.
  @Test func fusedIsTheNetwork() throws {
    let input = Shape(channels: 3, height: 14, width: 15)
    let layers = QuantizedSample.layers.replacing(
      "padding: 1}\n  - batchNorm\n  - leaky", with: "}\n  - batchNorm\n  - leaky")
    let model = try QuantizedSample.model(.parse(yaml: layers, source: "test"), input)
    let fused = try FusedNetwork(model)
    #expect(!fused.steps.contains { if case .batchNorm = $0.operation { true } else { false } })
    let images = try QuantizedSample.images(input, count: 3)
    for index in 0..<images.count {
      let (logits, pixels) = images.withImage(index) { image in
        (fused.values(of: image).last!, image.map { Float($0) })
      }
      let normalized = (0..<input.count).map { place in
        let (channel, pixel) = place.quotientAndRemainder(dividingBy: input.height * input.width)
        return Double(
          model.normalization.input(pixels[pixel * input.channels + channel], channel: channel))
      }
      let expected = ReferenceNetwork<Double>(network: model.network, state: model.state)
        .forward(normalized, mode: .evaluation).output
      let largest = expected.map(abs).max()!
      #expect(zip(logits, expected).allSatisfy { abs(Double($0) - $1) < 1e-4 * largest })
    }
  }

  @Test func formsOfValues() throws {
    let model = try QuantizedSample.model(Shape(channels: 1, height: 13, width: 12))
    let network = try QuantizedSample.quantized(model)
    // The mean's nearest grey value.
    #expect(network.values[0].scale == Float(1) / 255)
    #expect(network.values[0].zeroPoint == Int((0.3 * 255).rounded()) - 128)
    for (index, step) in network.steps.enumerated() {
      let (input, output) = (network.values[step.inputs[0]], network.output(of: index))
      #expect((-128...127).contains(output.zeroPoint) && output.scale > 0)
      switch step.operation {
      case .pool, .flatten, .concatenate:
        for value in step.inputs {
          #expect(network.values[value].scale == output.scale)
          #expect(network.values[value].zeroPoint == output.zeroPoint)
        }
      case .convolution(let weights, _), .depthwiseConvolution(let weights, _):
        #expect(weights.scales.count == output.shape.channels)
        #expect(weights.values.allSatisfy { $0 >= -127 })
      case .dense(let weights):
        #expect(weights.scales.count == 1)
        #expect(weights.values.map { abs(Int($0)) }.max() == 127)
        #expect(weights.shape == [output.shape.count, input.shape.count])
      default: break
      }
      if step.activation == .relu6 {
        #expect(output.range(.relu6).upperBound <= 127)
        #expect(output.range(.relu6).lowerBound == output.zeroPoint)
      }
    }
  }

  @Test(arguments: ["sigmoid", "tanh", "silu", "gelu", "hardSwish"])
  func refusesWhatIntegersHaveNot(activation: String) throws {
    let layers = "name: n\nlayers:\n  - conv: 4\n  - \(activation)\n  - flatten\n  - dense: classes"
    let model = try QuantizedSample.model(
      .parse(yaml: layers, source: "n.yaml"), Shape(channels: 1, height: 6, width: 6))
    let failure = #expect(throws: Failure.self) { try QuantizedSample.quantized(model) }
    #expect(failure?.kind == .badData)
    #expect(
      failure?.message
        == "n.yaml:4: layer 2 (\(activation)): 8-bit integers have no \(activation); relu, relu6 and leakyRelu they have"
    )
  }

  @Test func refusesFloatsAndDamage() throws {
    let input = Shape(channels: 1, height: 13, width: 12)
    var model = try QuantizedSample.model(input)
    model.state.values[0] = .infinity
    let damaged = #expect(throws: Failure.self) { try QuantizedSample.quantized(model) }
    #expect(damaged?.message.contains("layer 1 (conv") == true)
    model = try QuantizedSample.model(input)
    model.normalization = Normalization(
      means: [0], standardDeviations: [1], pixelType: .float)
    let floats = #expect(throws: Failure.self) { try QuantizedSample.quantized(model) }
    #expect(floats?.message == "takes images of floats; 8-bit networks take bytes")
  }

  // MARK: Ranges

  private static func histogram(_ parts: [[Float]]) -> ValueHistogram {
    var histogram = ValueHistogram()
    for part in parts { histogram.add(part) }
    return histogram
  }

  /// Many small numbers of both signs, some zeros, one that is far away.
  private static let numbers: [Float] = (0..<5000).map { index -> Float in
    guard index != 77 else { return 40 }
    let number = Float(index * 7919 % 1009)
    return index % 5 == 0 ? 0 : number / 100 - 3
  }

  @Test func histogramsOfAnyOrder() {
    let whole = Self.histogram([Self.numbers])
    let parts = stride(from: 0, to: 5000, by: 100).map { Array(Self.numbers[$0..<$0 + 100]) }
    #expect(Self.histogram(parts.reversed()) == whole)
    var merged = ValueHistogram()
    for part in parts { merged.add(Self.histogram([part])) }
    #expect(merged == whole)
    #expect(whole.counts.reduce(whole.zeroCount, +) == 5000)
    #expect((whole.minimum, whole.maximum) == (Self.numbers.min()!, 40))
  }

  @Test func rangesByMethod() {
    let histogram = Self.histogram([Self.numbers])
    let all = histogram.range(.minMax)
    #expect((all.low, all.high) == (histogram.minimum, 40))
    // One of 5000 is less than a ten-thousandth of ten times as many.
    let many = Self.histogram(
      [[Float]](repeating: Self.numbers.filter { $0 < 40 }, count: 4) + [Self.numbers])
    let most = many.range(.percentile)
    #expect(most.high < 8 && most.high > 6.5)
    let least = histogram.range(.leastSquares)
    #expect(error(least) <= error(all) && error(least) <= error(most))
    #expect(Self.histogram([[0, 0]]).range(.leastSquares) == ActivationRange(low: 0, high: 0))
  }

  private func error(_ range: ActivationRange) -> Double {
    let (scale, zero) = range.value(range.scale)
    return Self.numbers.reduce(0) { sum, number in
      let integer = min(127, max(-128, (number / scale).rounded() + Float(zero)))
      let difference = Double((integer - Float(zero)) * scale - number)
      return sum + difference * difference
    }
  }
}
