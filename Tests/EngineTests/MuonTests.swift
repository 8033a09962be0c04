// Muon's step by the kernels against the loops of its rule: the same bits on every instruction set.

import PTrainKernels
import PTrainMemory
import PTrainNetworks
import Testing

@testable import PTrainEngine

@Suite struct MuonTests {
  /// More rows than columns and fewer, some fewer than a vector, a tile or a chain of eight holds.
  @Test(arguments: [
    [1, 1], [1, 7], [3, 50], [20, 9], [16, 16], [17, 16], [23, 31], [33, 40], [48, 432], [130, 70],
    [131, 65],
  ])
  func kernelsMakeTheBitsOfTheRule(shape: [Int]) {
    let count = shape[0] * shape[1]
    let tensor = StateTensor(name: "fc1.weight", shape: shape, role: .weight, offset: 0)
    let muon = Muon(weightDecay: 0.03)
    let expected = parameters(tensor, count) { piece, index in
      muon.step(piece, index: index, learningRate: 0.01)
    }
    #expect(expected.contains { $0 != 1 })
    let work = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 21, alignment: 64)
    defer { work.deallocate() }
    let update = MuonUpdate([tensor]) { count in
      #expect(4 * count <= work.count)
      return work.baseAddress!.bindMemory(to: Float.self, capacity: count)
    }
    for instructionSet in KernelChoice.available {
      let kernels = KernelChoice.kernels(for: instructionSet)
      let values = parameters(tensor, count) { piece, _ in
        update.step(MuonStep(rule: muon, rate: 0.01), kernels, piece: { _ in piece }) {
          count, body in
          // A part's place in the order decides nothing.
          for task in (0..<count).reversed() { body(0, task) }
        }
      }
      #expect(
        values.map(\.bitPattern) == expected.map(\.bitPattern), "\(instructionSet), \(shape)")
    }
  }

  /// Three steps from ones.
  private func parameters(
    _ tensor: StateTensor, _ count: Int, _ step: (OptimizerPiece<Float>, Int) -> Void
  ) -> [Float] {
    let stream = RandomStream(seed: 5, purpose: .shuffle)
    // Values, gradient and two moments.
    let memory = UnsafeMutablePointer<Float>.allocate(capacity: 4 * count)
    defer { memory.deallocate() }
    memory.initialize(repeating: 0, count: 4 * count)
    memory.update(repeating: 1, count: count)
    let gradient = memory + count
    for index in 0..<3 {
      for place in 0..<count {
        gradient[place] = Float(stream.word(element: index * count + place)) * 0x1p-31 - 1
      }
      let piece = OptimizerPiece(
        tensor: tensor, count: count, values: memory, gradient: UnsafePointer(gradient),
        firstMoment: memory + 2 * count, secondMoment: memory + 3 * count)
      step(piece, index)
    }
    return (0..<count).map { memory[$0] }
  }
}
