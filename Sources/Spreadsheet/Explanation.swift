// The six steps of one training iteration in words and formulas.
// The first sheet and the panel beside every table show the same text.

/// One step of an iteration as the workbook explains it.
struct ExplanationStep {
  let title: String
  let meaning: String
  let formulas: [String]

  static let all = [forwardHidden, forwardOutput, error, outputGradients, hiddenGradients, update]

  private static let forwardHidden = ExplanationStep(
    title: "1. Forward, hidden layer",
    meaning: "Each hidden neuron weighs both inputs and squashes the sum into 0 … 1.",
    formulas: [
      "h1 = w1·i1 + w2·i2",
      "h2 = w3·i1 + w4·i2",
      "a_h1 = σ(h1) = 1 / (1 + EXP(−h1)),  a_h2 = σ(h2)",
    ])

  private static let forwardOutput = ExplanationStep(
    title: "2. Forward, output layer",
    meaning: "The same again with the hidden activations as inputs.",
    formulas: [
      "o1 = w5·a_h1 + w6·a_h2",
      "o2 = w7·a_h1 + w8·a_h2",
      "a_o1 = σ(o1),  a_o2 = σ(o2)",
    ])

  private static let error = ExplanationStep(
    title: "3. Error",
    meaning: "Half the squared distance to each target; the half cancels the 2 of the derivative.",
    formulas: [
      "E1 = ½ (t1 − a_o1)²",
      "E2 = ½ (t2 − a_o2)²",
      "E_total = E1 + E2",
    ])

  private static let outputGradients = ExplanationStep(
    title: "4. Gradients of w5 … w8",
    meaning: "Chain rule: slope of the error × slope of the sigmoid × what the weight multiplies.",
    formulas: [
      "∂E/∂w5 = (a_o1 − t1) · a_o1 (1 − a_o1) · a_h1",
      "∂E/∂w6 = (a_o1 − t1) · a_o1 (1 − a_o1) · a_h2",
      "∂E/∂w7 = (a_o2 − t2) · a_o2 (1 − a_o2) · a_h1",
      "∂E/∂w8 = (a_o2 − t2) · a_o2 (1 − a_o2) · a_h2",
    ])

  private static let hiddenGradients = ExplanationStep(
    title: "5. Gradients of w1 … w4",
    meaning: "A hidden neuron acts on both outputs, so both errors flow back through its weights.",
    formulas: [
      "∂E/∂a_h1 = (a_o1 − t1) · a_o1 (1 − a_o1) · w5 + (a_o2 − t2) · a_o2 (1 − a_o2) · w7",
      "∂E/∂a_h2 = (a_o1 − t1) · a_o1 (1 − a_o1) · w6 + (a_o2 − t2) · a_o2 (1 − a_o2) · w8",
      "∂E/∂w1 = ∂E/∂a_h1 · a_h1 (1 − a_h1) · i1,  ∂E/∂w2 = ∂E/∂a_h1 · a_h1 (1 − a_h1) · i2",
      "∂E/∂w3 = ∂E/∂a_h2 · a_h2 (1 − a_h2) · i1,  ∂E/∂w4 = ∂E/∂a_h2 · a_h2 (1 − a_h2) · i2",
    ])

  private static let update = ExplanationStep(
    title: "6. Update",
    meaning: "All eight weights step downhill at once, each by its gradient of the same row.",
    formulas: ["w(next row) = w − η · ∂E/∂w,  η is the learning rate"])
}
