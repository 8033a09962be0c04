// Batch normalisation (Ioffe & Szegedy 2015) per channel of `[N, C, H, W]`.
// Training normalises with the whole batch's statistics, evaluation with the running ones.

/// What a batch normalisation has unless its layer says otherwise, PyTorch's defaults.
public enum BatchNorm {
  public static let epsilon = 1e-5
  /// Share of the batch statistics in the running ones.
  public static let momentum = 0.1
}

/// What the backward pass and the running statistics need from a forward pass.
package struct ReferenceBatchNormMemo<Scalar: ReferenceScalar>: Sendable {
  /// `(x − mean)/√(variance + ε)`, `[N, C, H, W]`.
  package var normalized: [Scalar]
  /// `1/√(variance + ε)`, `[C]`.
  package var inverseDeviation: [Scalar]
  /// Statistics of the batch, the variance biased; nil in evaluation.
  package var statistics: (mean: [Scalar], variance: [Scalar])?
}

extension Reference {
  package typealias BatchNormMemo = ReferenceBatchNormMemo<Scalar>

  /// `y = scale·(x − mean)/√(variance + ε) + shift`; `running` nil normalises with the batch's
  /// `mean = Σx/m` and `variance = Σ(x − mean)²/m` over the `m = N·H·W` values of a channel.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func batchNormForward(
    shape: Shape, x: [Scalar], scale: [Scalar], shift: [Scalar],
    running: (mean: [Scalar], variance: [Scalar])?, epsilon: Double = BatchNorm.epsilon
  ) -> (y: [Scalar], memo: BatchNormMemo) {
    let pixels = shape.height * shape.width
    let (mean, variance) = running ?? batchStatistics(shape: shape, x: x)
    let inverse = variance.map { 1 / ($0 + Scalar(epsilon)).squareRoot() }
    var normalized = x
    var y = x
    for place in x.indices {
      let channel = place / pixels % shape.channels
      normalized[place] = (x[place] - mean[channel]) * inverse[channel]
      y[place] = scale[channel] * normalized[place] + shift[channel]
    }
    let memo = BatchNormMemo(
      normalized: normalized, inverseDeviation: inverse,
      statistics: running == nil ? (mean, variance) : nil)
    return (y, memo)
  }

  /// `dscale = Σ dy·x̂`, `dshift = Σ dy`, and with batch statistics
  /// `dx = scale/√(variance + ε) · (dy − dshift/m − x̂·dscale/m)`, else `scale/√(variance + ε) · dy`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  package static func batchNormBackward(
    shape: Shape, memo: BatchNormMemo, scale: [Scalar], dy: [Scalar]
  ) -> (scale: [Scalar], shift: [Scalar], input: [Scalar]) {
    let pixels = shape.height * shape.width
    let m = Scalar(dy.count / shape.channels)
    var dScale = [Scalar](repeating: 0, count: shape.channels)
    let dShift = channelSums(dy, shape: shape)
    for place in dy.indices {
      dScale[place / pixels % shape.channels] += dy[place] * memo.normalized[place]
    }
    var dx = dy
    for place in dy.indices {
      let channel = place / pixels % shape.channels
      if memo.statistics != nil {
        dx[place] -= (dShift[channel] + memo.normalized[place] * dScale[channel]) / m
      }
      dx[place] *= scale[channel] * memo.inverseDeviation[channel]
    }
    return (dScale, dShift, dx)
  }

  /// `running ← (1 − momentum)·running + momentum·batch`, the batch's variance unbiased (`m/(m − 1)`);
  /// a single value leaves the running variance as it is.
  package static func batchNormRunning(
    shape: Shape, count: Int, memo: BatchNormMemo, mean: inout [Scalar], variance: inout [Scalar],
    momentum: Double = BatchNorm.momentum
  ) {
    guard let statistics = memo.statistics else { return }
    let m = count * shape.height * shape.width
    let unbiased = Scalar(m) / Scalar(m - 1)
    let momentum = Scalar(momentum)
    for channel in 0..<shape.channels {
      mean[channel] += momentum * (statistics.mean[channel] - mean[channel])
      guard m > 1 else { continue }
      variance[channel] +=
        momentum * (statistics.variance[channel] * unbiased - variance[channel])
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private static func batchStatistics(
    shape: Shape, x: [Scalar]
  ) -> (mean: [Scalar], variance: [Scalar]) {
    let m = Scalar(x.count / shape.channels)
    let pixels = shape.height * shape.width
    let mean = channelSums(x, shape: shape).map { $0 / m }
    var squares = [Scalar](repeating: 0, count: shape.channels)
    for place in x.indices {
      let channel = place / pixels % shape.channels
      let distance = x[place] - mean[channel]
      squares[channel] += distance * distance
    }
    return (mean, squares.map { $0 / m })
  }
}
