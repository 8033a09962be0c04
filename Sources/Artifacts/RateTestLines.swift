// What the learning-rate range test shows: its table's lines, its suggestion and its plot.

import PTrainDiagnostics
import PTrainEngine

extension RateTest.Point {
  /// One line under `learning rate      loss  smoothed`.
  package var tableLine: String {
    shortNumber(rate).leftPadded(to: 13) + fixed(loss, 4).leftPadded(to: 10)
      + fixed(smoothedLoss, 4).leftPadded(to: 10)
  }
}

extension RateTest {
  /// `Suggestion: 0.12, a tenth of 1.2, where the smoothed loss is smallest (0.4312)`.
  package var suggestionLine: String {
    guard let best else { return "No suggestion: no loss is a number" }
    let place = "the smoothed loss is smallest (\(fixed(best.smoothedLoss, 4)))"
    if let suggestion {
      return "Suggestion: \(shortNumber(suggestion, digits: 2)), a tenth of "
        + "\(shortNumber(best.rate, digits: 2)), where \(place)"
    }
    return best == points.first
      ? "No suggestion: \(place) at the first step" : "No suggestion: \(place) at the last step"
  }
}

/// The losses over the rates as a picture, drawn by gnuplot.
package struct RatePlot {
  package let path: String
  private let picture: PlotFormat

  /// Throws `usage` when `path` ends neither in `.png` nor in `.svg`.
  package init(path: String) throws(Failure) {
    self.path = path
    picture = try PlotFormat(path: path)
  }

  package func write(_ test: RateTest, title: String) throws(Failure) {
    let program = ExternalProgram.gnuplot
    let bytes = try program.run(input: script(test, title: title), purpose: "draw \(path)")
    try writeFile(path, bytes)
  }

  package func script(_ test: RateTest, title: String) -> String {
    let points = test.points.filter { $0.loss.isFinite && $0.smoothedLoss.isFinite }
    let rows = points.map { "\($0.rate) \($0.loss) \($0.smoothedLoss)\n" }.joined()
    // What runs away would press everything else flat.
    let first = points.first?.smoothedLoss ?? 1
    let marks = test.suggestion.map { rate in
      """
      set arrow from \(rate), graph 0 to \(rate), graph 1 nohead dashtype 2 linecolor rgb "#404040"
      set label "suggestion \(shortNumber(rate, digits: 2))" at \(rate), graph 0.95 offset 1,0

      """
    }
    return """
      set encoding utf8
      set terminal \(picture.terminal)
      set title "\(title): loss over the learning rate" noenhanced
      set xlabel "learning rate (log scale)"
      set ylabel "loss"
      set logscale x 10
      set format x "10^{%T}"
      set yrange [0:\(1.5 * first)]
      set grid linecolor rgb "#b0b0b0"
      set border 3
      set tics nomirror
      set key bottom left opaque box linecolor rgb "#b0b0b0"
      \(marks ?? "")$points << END
      \(rows)END
      plot $points using 1:2 with points pointtype 7 pointsize 0.4 linecolor rgb "#8aa4c8" \
      title "each step", $points using 1:3 with lines linecolor rgb "#08306b" linewidth 2 \
      title "smoothed"

      """
  }
}
