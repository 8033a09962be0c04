// Values as the nearest 8-bit numbers, for training that sees what 8-bit integers will hold.
// Rounding has no gradient: it passes as if there were none, and stops where the range ends.

import PTrainKernelTypes
import PTrainNetworks

extension Executor {
  /// `z = scale · clamp(round(x / scale))`, half to even.
  func forwardQuantization(
    _ state: StageState, _ form: NumberForm, _ places: Range<Int>, _ task: ShardTask,
    z: MutableFloatPointer
  ) {
    read(source(of: state.stage), places, task, to: z)
    let (scale, low, high) = (form.scale, form.lowest, form.highest)
    // Adding it leaves no bits for a fraction.
    let rounder: Float = 0x1.8p23
    for index in 0..<state.activationCount * places.count {
      let steps = min(max(z[index] / scale, low), high)
      z[index] = ((steps + rounder) - rounder) * scale
    }
  }

  /// `dx = dz` where `x` lies in the range, 0 beyond it.
  func backwardQuantization(
    _ state: StageState, _ form: NumberForm, _ places: Range<Int>, _ task: ShardTask
  ) {
    let dz = outputGradient(state, places, task)
    let (x, dx) = (task.scratch.x, task.scratch.dx)
    read(source(of: state.stage), places, task, to: x)
    let (scale, low, high) = (form.scale, form.lowest, form.highest)
    for index in 0..<state.activationCount * places.count {
      let steps = x[index] / scale
      dx[index] = steps < low || steps > high ? 0 : dz[index]
    }
    returnGradient(reads[state.stage.reads.lowerBound], places, task, dx: dx)
  }
}
