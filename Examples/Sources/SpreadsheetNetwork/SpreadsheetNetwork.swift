// The 2-2-2 network of the backpropagation class: its error for six learning rates, drawn in the terminal.
//
//     SpreadsheetNetwork [STEPS]

import PTrain

@main struct SpreadsheetNetwork {
  static func main() throws {
    let steps = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 200
    let experiment = try Experiment(iterations: steps)
    let largest = experiment.trajectories.compactMap { $0.errors.max() }.max()!
    let bars = Array(" ▁▂▃▄▅▆▇█")
    print("E_total over \(steps) steps, █ is \(largest)")
    for trajectory in experiment.trajectories {
      let columns = (0..<min(60, steps)).map { column in
        let error = trajectory.errors[column * (steps - 1) / max(1, min(60, steps) - 1)]
        return bars[Int((error / largest * Double(bars.count - 1)).rounded(.up))]
      }
      print("η = \(trajectory.label)  \(String(columns))  \(trajectory.errors.last!)")
    }
  }
}
