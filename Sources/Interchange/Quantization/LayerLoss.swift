// How far the values of the quantised network are from those in floating point, layer by layer.

import PTrainArtifacts
import PTrainDatasets
import PTrainDiagnostics
import PTrainNetworks

/// What a layer's values are worth after quantisation.
package struct LayerLoss: Equatable, Sendable {
  /// `conv1`, `add7` …
  package let name: String
  /// Power of the error over that of the values, of all layers up to this one.
  package let noise: Double
  /// The part of `noise` that its inputs do not have yet.
  package let addedNoise: Double

  /// Signal to noise in dB; infinite where both are the same.
  package var decibels: Double {
    noise > 0 ? -10 * Elementary.log(noise) / Elementary.log(10) : .infinity
  }
}

extension TrainedModel {
  /// The losses of a network that was quantised from this model, the largest additions first; on the
  /// first 100 images.
  ///
  /// Throws `badData` as `quantized` does.
  package func losses(
    of network: QuantizedNetwork, on calibration: CalibrationImages
  ) throws(Failure) -> [LayerLoss] {
    let fused = try FusedNetwork(self)
    let noise = fused.noise(
      of: IntegerInterpreter(network), layouts: try fused.layouts(), on: calibration)
    let losses = zip(network.steps, noise.dropFirst()).compactMap { step, own in
      step.operation == .flatten
        ? nil
        : LayerLoss(
          name: step.name, noise: own, addedNoise: own - step.inputs.map { noise[$0] }.max()!)
    }
    return losses.enumerated().sorted {
      ($1.element.addedNoise, $0.offset) < ($0.element.addedNoise, $1.offset)
    }.map(\.element)
  }
}

extension FusedNetwork {
  /// Error over signal of each value, in powers.
  fileprivate func noise(
    of interpreter: IntegerInterpreter, layouts: [ValueLayout], on calibration: CalibrationImages
  ) -> [Double] {
    let images = calibration.images[0..<min(100, calibration.images.count)]
    let powers = concurrentMap(images.count, threadCount: calibration.threadCount) { index in
      images.withImage(index) { image in
        let (exact, integers) = (values(of: image), interpreter.values(of: image))
        return shapes.indices.map { value in
          interpreter.network.values[value].powers(
            integers[value], exact: exact[value], layouts[value])
        }
      }
    }
    return shapes.indices.map { value in
      let signal = powers.reduce(0) { $0 + $1[value].signal }
      let error = powers.reduce(0) { $0 + $1[value].error }
      return signal > 0 ? error / signal : 0
    }
  }
}

extension QuantizedValue {
  /// Sums of squares of a value and of the error of its integers.
  fileprivate func powers(
    _ integers: [Int8], exact: [Float], _ layout: ValueLayout
  ) -> (signal: Double, error: Double) {
    var (signal, error) = (0.0, 0.0)
    for (number, place) in zip(integers, layout.places) {
      let value = Double(exact[place])
      let difference = Double(scale) * Double(Int(number) - zeroPoint) - value
      signal += value * value
      error += difference * difference
    }
    return (signal, error)
  }
}
