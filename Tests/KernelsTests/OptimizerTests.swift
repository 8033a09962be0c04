// Optimizer steps against their definitions in double precision; lengths around the vector width.
import PTrainKernelTypes
import Testing

private let lengths = [1, 15, 16, 17, 31, 100]

@Test(arguments: lengths, [Float(0), 0.02])
func adamMatchesDouble(count: Int, decay: Float) {
  let step = AdamStep(
    stepSize: 1e-2, inverseRootCorrection: 1.7, meanShare: 0.1, varianceShare: 0.001,
    epsilon: 1e-8, decay: decay)
  let p = Floats(random: count, seed: 1)
  let g = Floats(random: count, seed: 2)
  let m = Floats(random: count, seed: 3)
  let v = Floats(random: count, seed: 4)
  for i in 0..<count { v[i] = abs(v[i]) }
  let expected: [(Double, Double, Double)] = (0..<count).map { i in
    let gradient = Double(g[i])
    let mean = Double(m[i]) + 0.1 * (gradient - Double(m[i]))
    let variance = Double(v[i]) + 0.001 * (gradient * gradient - Double(v[i]))
    let root = variance.squareRoot() * Double(step.inverseRootCorrection) + Double(step.epsilon)
    let decayed = Double(p[i]) * (1 - Double(decay))
    return (decayed - Double(step.stepSize) * mean / root, mean, variance)
  }
  check(
    "adam", tolerance: 3e-7,
    expected: [
      "parameters": expected.map(\.0), "mean": expected.map(\.1), "variance": expected.map(\.2),
    ]
  ) {
    let parameters = Floats(p.values)
    let mean = Floats(m.values)
    let variance = Floats(v.values)
    $0.adam(
      step, rows: .one(count), gradient: g.read, parameters: parameters.pointer, mean: mean.pointer,
      variance: variance.pointer)
    return [parameters.values, mean.values, variance.values]
  }
}

@Test(arguments: lengths, [false, true])
func sgdMatchesDouble(count: Int, nesterov: Bool) {
  let step = SGDStep(learningRate: 0.1, momentum: 0.9, weightDecay: 5e-3, nesterov: nesterov)
  let p = Floats(random: count, seed: 1)
  let g = Floats(random: count, seed: 2)
  let v = Floats(random: count, seed: 3)
  let expected: [(Double, Double)] = (0..<count).map { i in
    let d = Double(g[i]) + Double(step.weightDecay) * Double(p[i])
    let velocity = Double(step.momentum) * Double(v[i]) + d
    let direction = nesterov ? d + Double(step.momentum) * velocity : velocity
    return (Double(p[i]) - Double(step.learningRate) * direction, velocity)
  }
  check(
    "sgd", tolerance: 3e-7,
    expected: ["parameters": expected.map(\.0), "velocity": expected.map(\.1)]
  ) {
    let parameters = Floats(p.values)
    let velocity = Floats(v.values)
    $0.sgd(
      step, rows: .one(count), gradient: g.read, parameters: parameters.pointer,
      velocity: velocity.pointer)
    return [parameters.values, velocity.values]
  }
}

/// Rows within a matrix: as many calls of one row, and nothing between them.
@Test func optimizersStepOnRowsAlone() {
  let adam = AdamStep(
    stepSize: 1e-2, inverseRootCorrection: 1.7, meanShare: 0.1, varianceShare: 0.001,
    epsilon: 1e-8, decay: 0.02)
  let sgd = SGDStep(learningRate: 0.1, momentum: 0.9, weightDecay: 5e-3, nesterov: true)
  let rows = FloatRows(count: 5, length: 17, stride: 40)
  let gradient = Floats(random: 200, seed: 1)
  for kernels in variants {
    func stepped(_ body: ([MutableFloatPointer]) -> Void) -> [[Float]] {
      let state = (0..<5).map { Floats(random: 200, seed: UInt64(2 + $0)).values.map(abs) }
      let buffers = state.map { Floats($0) }
      body(buffers.map(\.pointer))
      for (buffer, start) in zip(buffers, state) {
        for i in 0..<200 { #expect((buffer[i] == start[i]) == (i % 40 >= 17)) }
      }
      return buffers.map(\.values)
    }
    let together = stepped {
      kernels.adam(
        adam, rows: rows, gradient: gradient.read, parameters: $0[0], mean: $0[1], variance: $0[2])
      kernels.sgd(
        sgd, rows: rows, gradient: gradient.read, parameters: $0[3], velocity: $0[4])
    }
    let alone = stepped { state in
      for first in stride(from: 0, to: 200, by: 40) {
        kernels.adam(
          adam, rows: .one(17), gradient: gradient.read + first, parameters: state[0] + first,
          mean: state[1] + first, variance: state[2] + first)
        kernels.sgd(
          sgd, rows: .one(17), gradient: gradient.read + first, parameters: state[3] + first,
          velocity: state[4] + first)
      }
    }
    #expect(together == alone)
  }
}
