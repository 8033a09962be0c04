// The error graph as a picture file, drawn by gnuplot.
// A well-kept plotter draws better axes than code of ours would; only the script is ours.
import PTrainDiagnostics

/// E_total against the step, one curve for each learning rate.
public struct ErrorPlot: Sendable {
  let path: String
  let format: PlotFormat
  let isLogarithmic: Bool

  /// Throws a `Failure` of kind `usage` when `path` ends neither in `.png` nor in `.svg`.
  public init(path: String, isLogarithmic: Bool = false) throws {
    self.path = path
    format = try PlotFormat(path: path)
    self.isLogarithmic = isLogarithmic
  }

  /// The finished picture.
  func render(_ experiment: Experiment) throws -> [UInt8] {
    try ExternalProgram.gnuplot.run(input: script(for: experiment), purpose: "draw \(path)")
  }

  func script(for experiment: Experiment) -> String {
    let trajectories = experiment.trajectories
    return header(lastStep: experiment.iterations - 1)
      + trajectories.enumerated().map { Self.data($1, name: "curve\($0)") }.joined()
      + "plot "
      + trajectories.enumerated().map { Self.curve($1, position: $0) }.joined(separator: ", ")
      + "\n"
  }

  private func header(lastStep: Int) -> String {
    let scale = StepScale(lastStep: lastStep)
    return """
      set encoding utf8
      set terminal \(format.terminal)
      set title "Backpropagation in the 2-2-2 network: error for each learning rate η"
      set xlabel "step (weight updates so far)"
      set ylabel "E_{total} \(isLogarithmic ? " (log scale)" : "")"
      set xrange [0:\(scale.end)]
      set xtics \(scale.tick)
      set yrange [\(isLogarithmic ? "*" : "0"):*]
      \(isLogarithmic ? "set logscale y 10\nset format y \"10^{%T}\"" : "set format y \"%g\"")
      set grid linecolor rgb "#b0b0b0"
      set border 3
      set tics nomirror
      set key \(isLogarithmic ? "bottom left" : "top right") opaque width 1 height 0.5
      set key box linecolor rgb "#b0b0b0"

      """
  }

  private static func data(_ trajectory: Trajectory, name: String) -> String {
    let lines = trajectory.rows.enumerated().map { "\($0) \($1[.totalError])\n" }
    return "$\(name) << END\n" + lines.joined() + "END\n"
  }

  /// Past the palette's end the colours repeat with another dash.
  private static func curve(_ trajectory: Trajectory, position: Int) -> String {
    let color = String(Palette.curve(position), radix: 16)
    let padded = String(repeating: "0", count: 6 - color.count) + color
    return "$curve\(position) using 1:2 with lines linecolor rgb \"#\(padded)\" linewidth 2 "
      + "dashtype \(position / Palette.curves.count + 1) title \"η = \(trajectory.label)\""
  }
}
