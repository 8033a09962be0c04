// Where the values of a shard and their gradients lie. Values stay from the forward pass to their stage's
// backward pass; a gradient takes memory from its first reader's backward pass on, most of it that of values
// which nobody needs any more. What a sum hands on unchanged stays where it is.

import PTrainKernelTypes
import PTrainMemory

/// Where a stage's value lies in the memory of a shard, in floats.
struct StagePlaces {
  /// The full-size activation.
  var activations = 0
  /// What readers read: the pooled activation, or the full one without pooling.
  var pooled = 0
  /// The gradient of the value at the norm's output.
  var gradients = 0
}

/// The values of a plan's stages in the memory of a shard.
struct ValueLayout {
  /// One a stage.
  let places: [StagePlaces]
  /// Floats of a shard.
  let count: Int

  /// - Parameter forms: one a stage.
  init(_ plan: Plan, _ forms: [StageForm]) {
    let lifetimes = Lifetimes(plan)
    let buffers = forms.indices.flatMap { Self.buffers(forms[$0], $0, lifetimes) }
    let memory = ArenaPlan(buffers, alignment: channelLanes)
    places = forms.indices.map { index in
      let full = memory.offsets[3 * index]
      let isPooled = forms[index].stage.value.window > 1
      return StagePlaces(
        activations: full, pooled: isPooled ? memory.offsets[3 * index + 1] : full,
        gradients: memory.offsets[3 * lifetimes.owners[index] + 2])
    }
    count = memory.count
  }

  /// Those of a stage's activations, pooled activations and gradients.
  private static func buffers(
    _ form: StageForm, _ index: Int, _ lifetimes: Lifetimes
  ) -> [ArenaBuffer] {
    let stage = form.stage
    let isPooled = stage.value.window > 1
    let size = form.isAffine ? 0 : form.sharding.shardSize
    let ownsGradient = lifetimes.owners[index] == index
    let (values, gradients) = (lifetimes.values[index], lifetimes.gradients[index])
    return [
      ArenaBuffer(
        count: stage.isRecomputed ? 0 : size * form.activationCount, lifetime: values),
      ArenaBuffer(count: isPooled ? size * form.pooledCount : 0, lifetime: values),
      ArenaBuffer(count: ownsGradient ? size * form.pooledCount : 0, lifetime: gradients),
    ]
  }
}

/// When what belongs to a stage is needed, in stages of the backward pass: 0 is the first one's, and all that
/// comes before.
private struct Lifetimes {
  /// One a stage.
  let values: [ClosedRange<Int>]
  /// Those of gradients that others share are longer.
  let gradients: [ClosedRange<Int>]
  /// The stage whose gradient is a stage's own, too.
  let owners: [Int]

  init(_ plan: Plan) {
    let stages = plan.stages
    var owners = Array(stages.indices)
    var ends = owners
    for (time, stage) in plan.schedule.backward.joined().enumerated() { ends[stage] = time }
    values = ends.map { 0...$0 }
    // That of the logits comes with the loss.
    var starts = ends.indices.map { $0 == ends.count - 1 ? 0 : ends[$0] }
    var lastUses = ends
    for index in plan.schedule.backward.joined() {
      for read in plan.reads[stages[index].reads] where read.source >= 0 {
        let source = read.source
        starts[source] = min(starts[source], ends[index])
        guard stages[index].handsGradientOn(to: stages[source], read) else { continue }
        owners[source] = owners[index]
        lastUses[owners[index]] = max(lastUses[owners[index]], ends[source])
      }
    }
    gradients = zip(starts, lastUses).map { $0...$1 }
    self.owners = owners
  }
}

extension Stage {
  /// Whether the gradient of what is read here, and nowhere else, is that of the stage's value.
  fileprivate func handsGradientOn(to source: Stage, _ read: Read) -> Bool {
    let view = source.value.view
    return work == .sum && hasPlainGradient && read.completes && !read.accumulates
      && view == View(hasNorm: view.hasNorm)
  }
}
