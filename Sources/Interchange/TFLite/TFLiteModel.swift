// A trained network as a TensorFlow Lite file: grey values or colours in, probabilities or logits out.

import PTrainArtifacts
import PTrainDiagnostics
import PTrainNetworks

/// What a TensorFlow Lite file ends in.
package enum TFLiteOutput: Sendable {
  /// Behind a SOFTMAX.
  case probabilities
  case logits
}

extension TrainedModel {
  /// The file's content in float32: input `image [1, H, W, C]`, the data's own values (bytes from 0 to
  /// 255), output `probabilities` or `logits`, `[1, classes]`.
  package func tflite(_ output: TFLiteOutput = .probabilities) -> [UInt8] {
    var builder = TFLiteFloatBuilder(network, inferenceSteps.foldingBatchNorm, normalization)
    let logits = builder.build()
    return tfliteFile(builder.graph, input: builder.input, logits: logits, output)
  }

  /// The same of the network in 8-bit integers, `quantized`: input int8, grey values less 128, output
  /// int8, in steps of 1/256 from -128 where it is probabilities.
  ///
  /// Throws `badData` with the layer's name where TensorFlow Lite has no operator for one.
  package func tflite(
    _ quantized: QuantizedNetwork, _ output: TFLiteOutput = .probabilities
  ) throws(Failure) -> [UInt8] {
    var builder = TFLiteIntegerBuilder(quantized)
    let logits = try builder.build()
    return tfliteFile(builder.graph, input: builder.input, logits: logits, output)
  }

  private func tfliteFile(
    _ graph: TFLiteGraph, input: Int, logits: Int, _ output: TFLiteOutput
  ) -> [UInt8] {
    var graph = graph
    let last = output == .probabilities ? graph.softmax(logits) : logits
    let facts = TFLiteMetadata(
      name: network.description.name, input: network.input, output: output,
      classNames: classNames)
    let texts = metadata.filter { !Self.leftOut.contains($0.key) }.map {
      (name: $0.key, content: Array($0.value.utf8))
    }
    let file = graph.file(
      name: facts.name, input: input, output: last,
      metadata: texts + [
        ("min_runtime_version", graph.release.content), ("TFLITE_METADATA", facts.content),
      ])
    return file + ZipArchive.storing(TFLiteMetadata.labelsName, facts.labels, at: file.count)
  }

  /// What a device needs no copy of.
  private static let leftOut: Set = ["format", "description"]
}
