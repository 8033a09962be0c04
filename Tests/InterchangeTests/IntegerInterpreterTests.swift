// Each step of the integer interpreter against its definition: explicit padding, exact products, one
// rounding after the other.

import PTrainArtifacts
import PTrainNetworks
import Testing

@testable import PTrainInterchange

@Suite struct IntegerInterpreterTests {
  /// gemmlowp's two roundings: the product's halves go up, the shift's away from 0.
  private static func scaled(_ x: Int, _ factor: FixedPoint) -> Int {
    let product = Int128(x) << Int128(max(factor.shift, 0)) * Int128(factor.multiplier)
    let high = (product + 1 << 30) >> 31
    let right = max(-factor.shift, 0)
    guard right > 0 else { return Int(high) }
    let magnitude = (abs(high) + 1 << Int128(right - 1)) >> Int128(right)
    return Int(high < 0 ? -magnitude : magnitude)
  }

  @Test func factorsRoundTwice() {
    var state: UInt64 = 3
    for round in 0..<20_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let x = Int(Int32(truncatingIfNeeded: state >> 20)) >> (round % 16)
      let factor = FixedPoint(Double(state >> 11) * 0x1p-53 * (round % 3 == 0 ? 1 : 0x1p-9))
      let result = IntegerKernels.scaled(Int32(x), factor.multiplier, factor.shift)
      #expect(Int(result) == Self.scaled(x, factor))
    }
    let half = FixedPoint(0.5)
    #expect((half.multiplier, half.shift) == (1 << 30, 0))
    #expect([-3, -1, 1, 3].map { IntegerKernels.scaled($0, 1 << 30, 0) } == [-1, 0, 1, 2])
    #expect([-6, -2, 2, 6].map { IntegerKernels.scaled($0, 1 << 30, -1) } == [-2, -1, 1, 2])
    #expect(FixedPoint(0x1p-40).multiplier == 0)
  }

  @Test func wideFactorsRoundOnce() {
    var state: UInt64 = 5
    for round in 0..<20_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let x = Int32(truncatingIfNeeded: state >> 20) >> Int32(round % 20)
      let factor = Double(state >> 11) * 0x1p-53 * (round % 3 == 0 ? 4 : 0x1p-12)
      let wide = WideFactor(factor)
      let exact = (Double(x) * factor).rounded(.toNearestOrAwayFromZero)
      let result = IntegerKernels.scaledOnce(x, wide.high, wide.low, wide.shift)
      #expect(Double(result) == min(0x1p30, max(-0x1p30, exact)))
    }
    let half = WideFactor(0.5)
    #expect(
      [-3, -1, 0, 1, 3].map { IntegerKernels.scaledOnce($0, half.high, half.low, half.shift) }
        == [-2, -1, 0, 1, 2])
    #expect(WideFactor(0x1p-40).high == 0)
  }

  @Test(arguments: [
    Shape(channels: 1, height: 13, width: 12), Shape(channels: 3, height: 12, width: 15),
  ])
  func everyStepIsItsDefinition(input: Shape) throws {
    let network = try QuantizedSample.quantized(QuantizedSample.model(input))
    let kinds = Set(network.steps.map { String("\($0.operation)".prefix { $0 != "(" }) })
    #expect(
      kinds == [
        "convolution", "depthwiseConvolution", "dense", "pool", "mean", "flatten", "add",
        "multiply", "concatenate", "rescale", "leakyRelu",
      ])
    let interpreter = IntegerInterpreter(network)
    let images = try QuantizedSample.images(input, count: 4)
    for index in 0..<images.count {
      let values = images.withImage(index) { interpreter.values(of: $0).map { $0.map { Int($0) } } }
      for step in network.steps.indices {
        let expected = definition(network, step, values)
        #expect(values[step + 1] == expected, "\(network.steps[step].name)")
      }
    }
    let logits = interpreter.logits(of: images, threadCount: 3)
    #expect(Array(logits.suffix(5)) == images.withImage(3) { interpreter.values(of: $0).last! })
  }

  /// What a step leaves, from the values that it reads.
  private func definition(
    _ network: QuantizedNetwork, _ index: Int, _ values: [[Int]]
  ) -> [Int] {
    let (step, output) = (network.steps[index], network.values[index + 1])
    let integer = network.integerSteps[index]
    let input = network.values[step.inputs[0]]
    let x = values[step.inputs[0]]
    func clamped(_ value: Int) -> Int {
      min(max(value, integer.range.lowerBound), integer.range.upperBound)
    }
    func finished(_ sum: Int, _ factor: FixedPoint) -> Int {
      clamped(Self.scaled(sum, factor) + output.zeroPoint)
    }
    let other = step.inputs.count > 1 ? network.values[step.inputs[1]] : input
    let y = step.inputs.count > 1 ? values[step.inputs[1]] : []
    switch integer.kernel {
    case .convolve(let weights, let window, let factors):
      let depth = input.shape.channels / weights.groups
      let share = output.shape.channels / weights.groups
      return windows(window, input, output, x) { o, taps in
        let sum = taps.enumerated().reduce(Int(weights.bias[o])) { sum, tap in
          (0..<depth).reduce(sum) {
            let weight = Int(weights.values[(o * taps.count + tap.offset) * depth + $1])
            return $0 + weight * ((tap.element?[o / share * depth + $1] ?? 0))
          }
        }
        return finished(sum, factors[o])
      }
    case .convolveDepthwise(let weights, let window, let factors):
      let multiplier = output.shape.channels / input.shape.channels
      return windows(window, input, output, x) { o, taps in
        let sum = taps.enumerated().reduce(Int(weights.bias[o])) { sum, tap in
          let weight = Int(weights.values[tap.offset * output.shape.channels + o])
          return sum + weight * (tap.element?[o / multiplier] ?? 0)
        }
        return finished(sum, factors[o])
      }
    case .connect(let weights, _):
      let scale = Double(input.scale) * Double(weights.scales[0]) / Double(output.scale)
      return (0..<output.shape.count).map { o in
        let sum = x.indices.reduce(Int(weights.bias[o])) {
          $0 + Int(weights.values[o * x.count + $1]) * (x[$1] - input.zeroPoint)
        }
        let value = Int((Double(sum) * scale).rounded(.toNearestOrAwayFromZero))
        return clamped(value + output.zeroPoint)
      }
    case .pool(let kind, let window):
      return windows(window, input, output, x) { channel, taps in
        let inside = taps.compactMap { $0.map { $0[channel] + input.zeroPoint } }
        let mean = Double(inside.reduce(0, +)) / Double(inside.count)
        return kind == .maximum ? inside.max()! : Int(mean.rounded(.toNearestOrAwayFromZero))
      }
    case .average(let factor):
      return (0..<output.shape.count).map { channel in
        let own = stride(from: channel, to: x.count, by: output.shape.count)
        return finished(own.reduce(0) { $0 + x[$1] - input.zeroPoint }, factor)
      }
    case .add(let a, let b, let result):
      return x.indices.map {
        let left = Self.scaled((x[$0] - input.zeroPoint) << 20, a)
        return finished(left + Self.scaled((y[$0] - other.zeroPoint) << 20, b), result)
      }
    case .multiply(let factor):
      return x.indices.map {
        let factorValue = y[y.count == x.count ? $0 : $0 % y.count] - other.zeroPoint
        return finished((x[$0] - input.zeroPoint) * factorValue, factor)
      }
    case .rescale(let factor): return x.map { finished($0 - input.zeroPoint, factor) }
    case .leakyRelu(let factor, let slope):
      return x.map { finished($0 - input.zeroPoint, $0 < input.zeroPoint ? slope : factor) }
    case .insertChannels:
      return (0..<output.shape.height * output.shape.width).flatMap { pixel in
        step.inputs.flatMap { value in
          let channels = network.values[value].shape.channels
          return values[value][pixel * channels..<(pixel + 1) * channels]
        }
      }
    case .view: return x
    }
  }

  /// One number for each output channel of each pixel; a tap holds a pixel's distances from zero, nil
  /// outside the image.
  private func windows(
    _ window: Window, _ input: QuantizedValue, _ output: QuantizedValue, _ x: [Int],
    _ body: (_ channel: Int, _ taps: [[Int]?]) -> Int
  ) -> [Int] {
    let shape = input.shape
    return (0..<output.shape.height * output.shape.width).flatMap { pixel in
      let (oy, ox) = pixel.quotientAndRemainder(dividingBy: output.shape.width)
      let taps = (0..<window.height * window.width).map { tap -> [Int]? in
        let row =
          oy * window.verticalStride - window.padding.top + tap / window.width * window.dilation
        let column =
          ox * window.horizontalStride - window.padding.left
          + tap % window.width * window.dilation
        guard (0..<shape.height).contains(row), (0..<shape.width).contains(column) else {
          return nil
        }
        let first = (row * shape.width + column) * shape.channels
        return x[first..<first + shape.channels].map { $0 - input.zeroPoint }
      }
      return (0..<output.shape.channels).map { body($0, taps) }
    }
  }
}
