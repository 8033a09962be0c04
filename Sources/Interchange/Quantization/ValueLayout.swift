// Where the numbers of a value lie in memory: pixels with their channels side by side, where training has
// planes. Flattened pixels keep that order, and the weights behind them are put into it.

import PTrainDiagnostics
import PTrainNetworks

/// `places[p]` is the index in `[C, H, W]` (of a vector: the feature) of the number at place `p`.
struct ValueLayout: Equatable, Sendable {
  var places: [Int]

  /// `[H, W, C]`.
  init(_ shape: Shape) {
    let pixels = shape.height * shape.width
    places = (0..<shape.count).map { $0 % shape.channels * pixels + $0 / shape.channels }
  }

  init(places: [Int]) { self.places = places }
}

extension FusedNetwork {
  /// The layout of each value; throws `badData` where values of different order meet.
  func layouts() throws(Failure) -> [ValueLayout] {
    var layouts = [ValueLayout(shapes[0])]
    for (index, step) in steps.enumerated() {
      let inputs = step.inputs.map { layouts[$0] }
      let plain = ValueLayout(shapes[index + 1])
      switch step.operation {
      case .flatten, .activation: layouts.append(inputs[0])
      case .convolution where shapes[index + 1] == shapes[step.inputs[0]] && isVector(index):
        layouts.append(inputs[0])
      case .convolution, .dense, .pool, .globalPool, .batchNorm: layouts.append(plain)
      case .add, .multiply:
        // A factor of a channel lies as channels do.
        let factor = ValueLayout(shapes[step.inputs[1]])
        guard inputs[1] == (isFactor(step) ? factor : inputs[0]) else { throw mixed(step) }
        layouts.append(inputs[0])
      case .concatenate where isVector(index):
        layouts.append(joined(step, inputs))
      case .concatenate: layouts.append(plain)
      }
    }
    guard layouts.last == ValueLayout(shapes.last!) else { throw mixed(steps.last!) }
    return layouts
  }

  private func isVector(_ index: Int) -> Bool {
    shapes[index + 1].height * shapes[index + 1].width == 1
  }

  /// Whether a product is one by channels.
  private func isFactor(_ step: Step) -> Bool {
    step.operation == .multiply && shapes[step.inputs[0]] != shapes[step.inputs[1]]
  }

  private func joined(_ step: Step, _ inputs: [ValueLayout]) -> ValueLayout {
    var places: [Int] = []
    for (value, layout) in zip(step.inputs, inputs) {
      let first = places.count
      places += layout.places.map { first + $0 }
      precondition(layout.places.count == shapes[value].count)
    }
    return ValueLayout(places: places)
  }

  private func mixed(_ step: Step) -> Failure {
    Failure(
      .badData,
      "\(step.origin): flattened pixels meet values of another order there, which 8-bit networks cannot"
    )
  }
}
