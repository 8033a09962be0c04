// A trained network in 8-bit integers: what the interpreter runs and every int8 file is written from.
// The scheme is TensorFlow Lite's, so that its reference kernels compute the same bits.

import PTrainNetworks

/// Steps over values `[height, width, channels]` of one image, channels contiguous; vectors are
/// `[1, 1, channels]`.
///
/// Value 0 is the image, step `i` leaves value `i + 1`, the last value are the logits.
/// Value 0 holds `byte - 128`; the normalisation of the data is in its scale and zero point and in
/// the first weights.
package struct QuantizedNetwork: Equatable, Sendable {
  /// The description's name.
  package var name: String
  package var values: [QuantizedValue]
  package var steps: [QuantizedStep]

  /// Value that step `index` leaves.
  package func output(of index: Int) -> QuantizedValue { values[index + 1] }
}

/// The form of a value: int8 numbers `q` that stand for `scale · (q − zeroPoint)`.
package struct QuantizedValue: Equatable, Sendable {
  package var shape: Shape
  /// Above 0.
  package var scale: Float
  /// -128 to 127; padding of convolutions counts as this number.
  package var zeroPoint: Int
}

/// One operation on int8 values.
package struct QuantizedStep: Equatable, Sendable {
  package var operation: QuantizedOperation
  /// Values that it reads, indices into the network's.
  package var inputs: [Int]
  /// Clamps the result; only of convolutions, dense layers, sums, products and `rescale`.
  package var activation = FusedActivation.none
  /// The layer that it comes from: `conv1`, `add7` …; `input` for a step that normalises the image.
  package var name: String
}

/// A clamp at the end of a step, in the real numbers that the value stands for.
package enum FusedActivation: Equatable, Sendable {
  case none
  /// From 0 on.
  case relu
  /// 0 to 6.
  case relu6
}

/// What a step computes; in brackets the operator of TensorFlow Lite.
package enum QuantizedOperation: Equatable, Sendable {
  /// Grouped or not (CONV_2D); every dilation.
  case convolution(QuantizedWeights, Window)
  /// One input channel an output (DEPTHWISE_CONV_2D); also what is left of a batch normalisation, as
  /// a window of one pixel.
  case depthwiseConvolution(QuantizedWeights, Window)
  /// Reads its input as one vector, in memory order (FULLY_CONNECTED).
  case dense(QuantizedWeights)
  /// Scale and zero point stay (MAX_POOL_2D, AVERAGE_POOL_2D); padding does not count.
  case pool(PoolKind, Window)
  /// The mean of each channel, with a scale of its own (MEAN over height and width, kept as 1).
  case mean
  /// `[1, 1, height·width·channels]`, the same numbers (RESHAPE).
  case flatten
  /// Sum of two values of one shape, each of its own scale (ADD).
  case add
  /// First value times the second, of its shape or `[1, 1, channels]` (MUL).
  case multiply
  /// Inputs joined along channels; all have the result's scale and zero point (CONCATENATION).
  case concatenate
  /// The same real numbers in another scale, clamped by the step's activation (RELU, RELU6).
  case rescale
  /// (LEAKY_RELU)
  case leakyRelu(slope: Float)
}

/// Weights of a convolution or a dense layer: `scales[output] · value`, symmetric.
package struct QuantizedWeights: Equatable, Sendable {
  /// The order of `values`: convolution `[out, height, width, in / groups]`, depthwise
  /// `[1, height, width, out]`, dense `[out, in]` with `in` in the order of `[height, width, channels]`.
  package var shape: [Int]
  package var groups = 1
  /// -127 to 127.
  package var values: [Int8]
  /// `[out]`; a dense layer has one for all.
  package var scales: [Float]
  /// `[out]`, of scale `input's scale · scales[out]`.
  package var bias: [Int32]

  package var outputCount: Int { bias.count }

  /// Scale of an output's weights.
  package func scale(of output: Int) -> Float { scales.count == 1 ? scales[0] : scales[output] }
}
