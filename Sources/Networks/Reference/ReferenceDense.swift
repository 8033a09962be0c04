// Fully connected layer and its gradients.
// Weights lie as PyTorch's, one row an output.

extension Reference {
  package typealias DenseGradient = (weights: [Scalar], bias: [Scalar], input: [Scalar])

  /// `z[n,o] = bias[o] + Σ weights[o,f] · x[n,f]`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func denseForward(
    inputs: Int, outputs: Int, x: [Scalar], weights: [Scalar], bias: [Scalar]?
  ) -> [Scalar] {
    let samples = x.count / inputs
    var z = [Scalar](repeating: 0, count: samples * outputs)
    for place in z.indices {
      let (sample, output) = (place / outputs, place % outputs)
      for input in 0..<inputs {
        z[place] += weights[output * inputs + input] * x[sample * inputs + input]
      }
      if let bias { z[place] += bias[output] }
    }
    return z
  }

  /// `dweights[o,f] = Σ dz[n,o] · x[n,f]`, `dbias[o] = Σ dz[n,o]`, `dx[n,f] = Σ weights[o,f] · dz[n,o]`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func denseBackward(
    inputs: Int, outputs: Int, x: [Scalar], weights: [Scalar], dz: [Scalar]
  ) -> DenseGradient {
    var dWeights = [Scalar](repeating: 0, count: inputs * outputs)
    var dx = [Scalar](repeating: 0, count: x.count)
    for place in dz.indices {
      let (sample, output) = (place / outputs, place % outputs)
      for input in 0..<inputs {
        dWeights[output * inputs + input] += dz[place] * x[sample * inputs + input]
        dx[sample * inputs + input] += weights[output * inputs + input] * dz[place]
      }
    }
    return (dWeights, channelSums(dz, shape: Shape(channels: outputs)), dx)
  }
}
