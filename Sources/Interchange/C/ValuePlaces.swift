// Where the values of a chain of steps lie in the arena of a program.
// What works number by number writes over its input, if nobody reads that later.

import PTrainMemory

/// Places in elements.
struct ValuePlaces: Equatable, Sendable {
  /// A step as the arena sees it.
  struct Step {
    /// Whether the result may lie where the first input lies.
    enum Result {
      case apart, overInput
      /// It is the input.
      case view
    }

    var inputs: [Int]
    var value: Int
    var result: Result
  }

  private var places: [Int: Int] = [:]
  /// Elements of the arena.
  private(set) var count = 0

  /// - Parameters:
  ///   - image: The value that is there before the first step.
  ///   - size: Elements of a value.
  init(image: Int, _ steps: [Step], size: (Int) -> Int) {
    var buffers = [ArenaBuffer(count: size(image), lifetime: 0...0)]
    // The buffer of each value.
    var bufferOf = [image: 0]
    for (index, step) in steps.enumerated() {
      for input in step.inputs {
        let buffer = bufferOf[input]!
        buffers[buffer].lifetime = buffers[buffer].lifetime.lowerBound...index + 1
      }
      let first = bufferOf[step.inputs[0]]!
      let isRead = steps[(index + 1)...].contains { $0.inputs.contains { bufferOf[$0] == first } }
      switch step.result {
      case .view: bufferOf[step.value] = first
      case .overInput where !isRead: bufferOf[step.value] = first
      case .overInput, .apart:
        bufferOf[step.value] = buffers.count
        buffers.append(ArenaBuffer(count: size(step.value), lifetime: index + 1...index + 1))
      }
    }
    let last = bufferOf[steps.last!.value]!
    buffers[last].lifetime = buffers[last].lifetime.lowerBound...steps.count + 1
    let plan = ArenaPlan(buffers, alignment: 4)
    places = bufferOf.mapValues { plan.offsets[$0] }
    count = plan.count
  }

  subscript(value: Int) -> Int { places[value]! }
}
