// What programs that use a model find out from its file: what the image is, the names of the classes, the
// oldest interpreter. Tables of TensorFlow Lite's metadata schema (M001); field numbers in brackets are its.

import PTrainNetworks

/// What a TensorFlow Lite file tells of its model besides its operators.
struct TFLiteMetadata {
  /// Of the archive's file: a class a line.
  static let labelsName = "labels.txt"

  var name: String
  var input: Shape
  var output: TFLiteOutput
  var classNames: [String]

  /// The file that is packed behind the model.
  var labels: [UInt8] {
    Array(classNames.map { $0.replacing("\n", with: " ") + "\n" }.joined().utf8)
  }

  /// `ModelMetadata` as a FlatBuffer of its own.
  var content: [UInt8] {
    let subgraph = FlatTable(fields: [2: .tables([image]), 3: .tables([classes])])
    return FlatBufferWriter.file(
      FlatTable(fields: [0: .string(name), 3: .tables([subgraph]), 7: .string("1.0.0")]),
      identifier: "M001")
  }

  /// `TensorMetadata`: an image of numbers from 0 to 255, which nobody has to normalise.
  private var image: FlatTable {
    // `ColorSpaceType`: RGB, GRAYSCALE.
    let properties = FlatTable(fields: [0: .number(Int8(input.channels == 3 ? 1 : 2))])
    let content = FlatTable(fields: [
      0: .number(UnionType.imageProperties), 1: .table(properties),
    ])
    let normalization = FlatTable(fields: [0: .numbers([Float(0)]), 1: .numbers([Float(1)])])
    let unit = FlatTable(fields: [
      0: .number(UnionType.normalizationOptions), 1: .table(normalization),
    ])
    let statistics = FlatTable(fields: [0: .numbers([Float(255)]), 1: .numbers([Float(0)])])
    return FlatTable(fields: [
      0: .string("image"), 3: .table(content), 4: .tables([unit]), 5: .table(statistics),
    ])
  }

  /// `TensorMetadata` with `AssociatedFile`.
  private var classes: FlatTable {
    let content = FlatTable(fields: [
      0: .number(UnionType.featureProperties), 1: .table(FlatTable()),
    ])
    let axisLabels: Int8 = 2
    let labels = FlatTable(fields: [0: .string(Self.labelsName), 2: .number(axisLabels)])
    return FlatTable(fields: [
      0: .string(output == .logits ? "logits" : "probabilities"), 3: .table(content),
      6: .tables([labels]),
    ])
  }

  /// Numbers of the tables in the unions `ContentProperties` and `ProcessUnitOptions`.
  private enum UnionType {
    static let featureProperties: UInt8 = 1
    static let imageProperties: UInt8 = 2
    static let normalizationOptions: UInt8 = 1
  }
}
