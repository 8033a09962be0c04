// The network in floating point, every value kept: what ranges are measured on and losses against.

import PTrainNetworks

extension FusedNetwork {
  private typealias Layers = Reference<Float>

  /// Value 0 of an image `[H, W, C]`, as `[C, H, W]`.
  func input(_ image: UnsafeBufferPointer<UInt8>) -> [Float] {
    let (channels, pixels) = (shapes[0].channels, shapes[0].height * shapes[0].width)
    return (0..<image.count).map { index in
      let (channel, pixel) = index.quotientAndRemainder(dividingBy: pixels)
      return Float(Int(image[pixel * channels + channel]) - imageZero) / 255
    }
  }

  /// Every value of an image, each `[C, H, W]`.
  func values(of image: UnsafeBufferPointer<UInt8>) -> [[Float]] {
    var values = [input(image)]
    for (index, step) in steps.enumerated() {
      let result = forward(step, step.inputs.map { values[$0] }, shapes[index + 1])
      values.append(step.activation.applied(to: result))
    }
    return values
  }

  private func forward(_ step: Step, _ x: [[Float]], _ output: Shape) -> [Float] {
    let input = shapes[step.inputs[0]]
    switch step.operation {
    case .convolution(let weights, let window):
      let sizes = ReferenceConvSizes(
        count: 1, input: input, output: output, window: window, groups: weights.groups)
      return Layers.convForward(sizes, x: x[0], weights: weights.values, bias: weights.bias)
    case .dense(let weights):
      return Layers.denseForward(
        inputs: input.count, outputs: output.count, x: x[0], weights: weights.values,
        bias: weights.bias)
    case .activation(.leakyRelu(let slope)):
      return x[0].map { $0 > 0 ? $0 : Float(slope) * $0 }
    case .activation(let function): return FusedActivation(function)!.applied(to: x[0])
    case .pool(let kind, let window):
      return pool(kind, ReferencePoolSizes(input: input, output: output, window: window), x[0])
    case .globalPool(let kind): return pool(kind, ReferencePoolSizes(whole: input), x[0])
    case .flatten: return x[0]
    case .add: return Layers.addForward(x[0], x[1])
    case .concatenate: return Layers.concatenateForward(x, samples: 1)
    case .multiply: return Layers.multiplyForward(x: x[0], factor: x[1])
    case .batchNorm: preconditionFailure("became a convolution")
    }
  }

  private func pool(_ kind: PoolKind, _ sizes: ReferencePoolSizes, _ x: [Float]) -> [Float] {
    kind == .maximum
      ? Layers.maxPoolForward(sizes, x: x).y : Layers.averagePoolForward(sizes, x: x)
  }
}

extension FusedActivation {
  fileprivate func applied(to values: [Float]) -> [Float] {
    switch self {
    case .none: values
    case .relu: values.map { max($0, 0) }
    case .relu6: values.map { min(max($0, 0), 6) }
    }
  }
}
