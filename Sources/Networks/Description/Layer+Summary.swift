// A layer's kind and its summary, as files and messages name it.
// The words of files stand here once; reader, printer and schema take them from here.

extension Layer {
  /// The key of a description file, for example `maxPool`.
  package var kind: String {
    switch self {
    case .conv: "conv"
    case .depthwise: "depthwise"
    case .batchNorm: "batchNorm"
    case .activation(let function): function.word
    case .pool(let pool): pool.kind == .maximum ? "maxPool" : "averagePool"
    case .globalPool(let kind): kind == .maximum ? "globalMaxPool" : "globalAveragePool"
    case .flatten: "flatten"
    case .dropout: "dropout"
    case .dense: "dense"
    case .residual: "residual"
    case .concat: "concat"
    case .scale: "scale"
    case .repeat: "repeat"
    }
  }

  /// Kind and size for messages, for example `maxPool 2`.
  var summary: String {
    switch self {
    case .conv(let conv): "conv \(conv.kernel.text) to \(conv.filters)"
    case .depthwise(let conv): "depthwise \(conv.kernel.text)"
    case .pool(let pool):
      kind + " "
        + (pool.size.height == pool.size.width ? "\(pool.size.height)" : pool.size.text)
    case .dropout(let rate): "dropout \(rate)"
    case .dense(let dense): "dense " + (dense.features.map { "\($0)" } ?? "classes")
    case .activation(.leakyRelu(let slope)): "leakyRelu \(slope)"
    case .repeat(let repetition): "repeat \(repetition.times)"
    case .batchNorm, .activation, .globalPool, .flatten, .residual, .concat, .scale: kind
    }
  }
}
