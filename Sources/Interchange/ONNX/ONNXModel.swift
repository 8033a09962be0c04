// A trained network as an ONNX file: one graph of standard operators, the batch size left open.
// Opset 17, IR version 8: what runtimes have read since 2022.

import PTrainArtifacts
import PTrainDatasets
import PTrainDiagnostics
import PTrainNetworks
import SwiftProtobuf

/// How an ONNX file is made.
package struct ONNXOptions: Sendable {
  /// Folds batch normalisation into neighbours, where that is exact.
  package var foldsBatchNorm = false
  /// Whether the graph takes grey values from 0 to 255 instead of normalised images.
  package var normalizes = false

  package init() {}
}

extension TrainedModel {
  /// The file's content: input `input [N, C, H, W]` and output `logits [N, classes]`, both float32.
  package func onnx(_ options: ONNXOptions = ONNXOptions()) throws -> [UInt8] {
    let input = [network.input.channels, network.input.height, network.input.width]
    var builder = ONNXGraphBuilder(name: network.description.name, input: input)
    if options.normalizes { builder.append(normalization) }
    let steps = options.foldsBatchNorm ? inferenceSteps.foldingBatchNorm : inferenceSteps
    for step in steps { builder.append(step) }
    return try onnxFile(builder.finish(classCount: network.classCount, value: steps.last!.value))
  }

  /// The same of the network in 8-bit integers, `quantized`: input and output stay float32, between
  /// them stand QuantizeLinear and DequantizeLinear.
  package func onnx(
    _ quantized: QuantizedNetwork, _ options: ONNXOptions = ONNXOptions()
  ) throws -> [UInt8] {
    var builder = ONNXIntegerBuilder(quantized)
    return try onnxFile(builder.build(options.normalizes ? nil : normalization))
  }

  private func onnxFile(_ graph: Onnx_GraphProto) throws -> [UInt8] {
    var model = Onnx_ModelProto()
    model.irVersion = 8
    model.producerName = "ptrain"
    model.graph = graph
    model.opsetImport = [.with { $0.version = 17 }]
    model.metadataProps = metadata.dropFirst().map { entry in
      .with { ($0.key, $0.value) = (entry.key, entry.value) }
    }
    return try model.serializedBytes()
  }
}
