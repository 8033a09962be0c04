// Weights in the orders of programs that keep channels side by side.

extension LinearWeights {
  /// `[out, height, width, in / groups]`, the order of `channelsLast`.
  var channelsLastShape: [Int] { [shape[0], shape[2], shape[3], shape[1]] }

  /// A convolution's values as `[out][height][width][in / groups]`.
  var channelsLast: [Float] {
    let (inputs, taps) = (shape[1], shape[2] * shape[3])
    return values.indices.map { index in
      let (output, rest) = index.quotientAndRemainder(dividingBy: taps * inputs)
      let (tap, input) = rest.quotientAndRemainder(dividingBy: inputs)
      return values[(output * inputs + input) * taps + tap]
    }
  }

  /// `[height][width][out]`, of one input a group.
  var byTap: [Float] {
    let (outputs, taps) = (shape[0], shape[2] * shape[3])
    return values.indices.map { values[$0 % outputs * taps + $0 / outputs] }
  }

  /// With output `outputs[i]` at place `i`.
  func reordered(outputs: [Int]) -> LinearWeights {
    let count = values.count / shape[0]
    var reordered = self
    reordered.values = outputs.flatMap { values[$0 * count..<($0 + 1) * count] }
    reordered.bias = bias.map { bias in outputs.map { bias[$0] } }
    return reordered
  }
}
