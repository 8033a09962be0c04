// The columns of the backpropagation table, in the order of the class's spreadsheet.
// Sheet, CSV and explanation all take their titles, order and formulas from here.

/// A quantity of one training step of the 2-2-2 network; the raw value is the column's title.
public enum Column: String, CaseIterable, Sendable {
  case t1, t2, i1, i2, w1, w2, w3, w4
  case h1
  case hiddenActivation1 = "a_h1"
  case h2
  case hiddenActivation2 = "a_h2"
  case w5, w6, w7, w8
  case o1
  case outputActivation1 = "a_o1"
  case o2
  case outputActivation2 = "a_o2"
  case error1 = "E1"
  case error2 = "E2"
  case totalError = "E_total"
  case gradient1 = "∂E/∂w1"
  case gradient2 = "∂E/∂w2"
  case gradient3 = "∂E/∂w3"
  case gradient4 = "∂E/∂w4"
  case gradient5 = "∂E/∂w5"
  case gradient6 = "∂E/∂w6"
  case gradient7 = "∂E/∂w7"
  case gradient8 = "∂E/∂w8"

  public var title: String { rawValue }

  /// Position in the table, counted from 0.
  public var index: Int { Self.positions[self]! }

  private static let positions = Dictionary(
    uniqueKeysWithValues: allCases.enumerated().map { ($1, $0) })

  static let inputs: [Column] = [.i1, .i2]
  static let targets: [Column] = [.t1, .t2]
  static let weights: [Column] = [.w1, .w2, .w3, .w4, .w5, .w6, .w7, .w8]
  static let gradients: [Column] = [
    .gradient1, .gradient2, .gradient3, .gradient4, .gradient5, .gradient6, .gradient7, .gradient8,
  ]

  /// The gradient that updates this weight; nil for every other column.
  var gradient: Column? { Self.weights.firstIndex(of: self).map { Self.gradients[$0] } }

  /// What the column is computed from, in terms of columns of its own row; nil where the first row
  /// holds a number (targets, inputs, weights).
  var expression: String? { Self.expressions[self] }

  /// `(a_o1-t1)*(a_o1*(1-a_o1))` is ∂E/∂o1: the error's slope times the sigmoid's.
  /// Parentheses give the sheet the reference's order of operations, and so its rounding.
  private static let expressions: [Column: String] = [
    .h1: "w1*i1+w2*i2",
    .h2: "w3*i1+w4*i2",
    .hiddenActivation1: "1/(1+EXP(-h1))",
    .hiddenActivation2: "1/(1+EXP(-h2))",
    .o1: "w5*a_h1+w6*a_h2",
    .o2: "w7*a_h1+w8*a_h2",
    .outputActivation1: "1/(1+EXP(-o1))",
    .outputActivation2: "1/(1+EXP(-o2))",
    .error1: "0.5*(t1-a_o1)^2",
    .error2: "0.5*(t2-a_o2)^2",
    .totalError: "E1+E2",
    .gradient1: hiddenGradient(through: ("w5", "w7"), activation: "a_h1", input: "i1"),
    .gradient2: hiddenGradient(through: ("w5", "w7"), activation: "a_h1", input: "i2"),
    .gradient3: hiddenGradient(through: ("w6", "w8"), activation: "a_h2", input: "i1"),
    .gradient4: hiddenGradient(through: ("w6", "w8"), activation: "a_h2", input: "i2"),
    .gradient5: "(a_o1-t1)*(a_o1*(1-a_o1))*a_h1",
    .gradient6: "(a_o1-t1)*(a_o1*(1-a_o1))*a_h2",
    .gradient7: "(a_o2-t2)*(a_o2*(1-a_o2))*a_h1",
    .gradient8: "(a_o2-t2)*(a_o2*(1-a_o2))*a_h2",
  ]

  /// Both outputs pass their error back through the weights that leave the hidden neuron.
  private static func hiddenGradient(
    through weights: (String, String), activation: String, input: String
  ) -> String {
    "((a_o1-t1)*(a_o1*(1-a_o1))*\(weights.0)+(a_o2-t2)*(a_o2*(1-a_o2))*\(weights.1))"
      + "*(\(activation)*(1-\(activation)))*\(input)"
  }
}
