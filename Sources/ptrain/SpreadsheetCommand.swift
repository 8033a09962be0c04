// `ptrain spreadsheet`: the backpropagation workbook, its tables as CSV, the error graph.
// Only options and messages; the work is done in module Spreadsheet.

#if Spreadsheet
  import ArgumentParser
  import PTrainDiagnostics
  import PTrainSpreadsheet

  struct SpreadsheetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "spreadsheet",
      abstract: "Writes the backpropagation workbook of a 2-2-2 network.",
      discussion: """
        Trains a network of two inputs, two hidden and two output neurons, without biases, once \
        for each learning rate. The workbook explains every step; each learning rate has a sheet \
        of live formulas, and one graph shows the errors of all of them.

        Example:
          ptrain spreadsheet --output backpropagation.xlsx --csv tables --plot error.svg
        """)

    @Option(help: ArgumentHelp("The workbook to write.", valueName: "file.xlsx"))
    var output: String

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp(
        "Learning rates, separated by commas; each gets a sheet.", valueName: "x,x,…"))
    var learningRates = NumberList(Experiment.defaultLearningRates)

    @Option(
      parsing: .unconditional,
      help: ArgumentHelp("Rows a sheet; the first one is before any update.", valueName: "n"))
    var iterations = Experiment.defaultIterations

    @Option(
      name: .customLong("csv"),
      help: ArgumentHelp("Directory for the tables as lr_0.1.csv and so on.", valueName: "dir"))
    var csvDirectory: String?

    @Option(help: ArgumentHelp("Draw the error graph (with gnuplot).", valueName: "file.png|.svg"))
    var plot: String?

    @Flag(help: "Logarithmic error axis in the graph of --plot.")
    var logScale = false

    @Option(parsing: .unconditional, help: ArgumentHelp("The inputs.", valueName: "i1,i2"))
    var inputs = NumberList(StartingValues().inputs)

    @Option(parsing: .unconditional, help: ArgumentHelp("The targets.", valueName: "t1,t2"))
    var targets = NumberList(StartingValues().targets)

    @Option(
      parsing: .unconditional, help: ArgumentHelp("The starting weights.", valueName: "w1,…,w8"))
    var weights = NumberList(StartingValues().weights)

    func run() throws {
      if logScale && plot == nil {
        throw Failure(.usage, "--log-scale acts on the graph of --plot; give --plot FILE.png too")
      }
      let outputs = try SpreadsheetOutputs(
        workbook: output, csvDirectory: csvDirectory,
        plot: plot.map { try ErrorPlot(path: $0, isLogarithmic: logScale) })
      var start = StartingValues()
      start.inputs = inputs.values
      start.targets = targets.values
      start.weights = weights.values
      let experiment = try Experiment(
        start: start, learningRates: learningRates.values, iterations: iterations)
      for path in try outputs.write(experiment) { try Terminal.writeResult("Wrote \(path)\n") }
    }
  }

  /// Numbers separated by commas.
  struct NumberList: ExpressibleByArgument {
    let values: [Double]

    init(_ values: [Double]) { self.values = values }

    init?(argument: String) {
      var values: [Double] = []
      for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
        guard let value = Double(part.filter { $0 != " " }) else { return nil }
        values.append(value)
      }
      self.values = values
    }

    var defaultValueDescription: String { values.map { "\($0)" }.joined(separator: ",") }
  }
#endif
