// Memory that one worker uses while it runs the tasks of a phase.

import PTrainKernelTypes
import PTrainNetworks

/// Buffers large enough for every stage of a plan; contents are whatever the last task left.
struct WorkerScratch: @unchecked Sendable {
  /// Inputs of a call's images, padded where a window slides over them; several values lie one behind
  /// the other.
  let x: MutableFloatPointer
  /// Output gradients of a call's images, padded for convolutions.
  let dz: MutableFloatPointer
  /// Input gradients of a call's images.
  let dx: MutableFloatPointer
  /// Activations of a call's images that are not stored, or one image between a map and vectors.
  let z: MutableFloatPointer
  let conv: MutableFloatPointer
  /// Sums of a weight gradient over its calls, one for each leaf of a call.
  let accumulators: MutableFloatPointer
  /// Finished weight gradients of a shard's leaves where it has several.
  let leafGradients: MutableFloatPointer
  /// Weight gradients of shards that wait for the next one of their group, stage by stage of a backward
  /// phase; alone they outlive a task.
  let waiting: MutableFloatPointer
  let mask: MutableFloatPointer
  /// A leaf's worth of the widest vector: masks by row, losses by row.
  let rows: MutableFloatPointer
  let augmentation: MutableFloatPointer

  /// The memory outlives the scratch.
  init(
    _ forms: [StageForm], plan: Plan, waitingCount: Int, augmentationCount: Int,
    memory: NodeMemory, worker: Int
  ) throws {
    let needs = forms.map { ScratchNeeds($0, forms, plan) }
    let leafCount = memory.sharding.leavesPerShard
    func most(_ size: (ScratchNeeds) -> Int) -> Int { aligned(needs.map(size).max() ?? 0) }
    let sizes = [
      most(\.x), most(\.dz), most(\.dx), most(\.z),
      aligned(forms.map(\.storage.scratch).max() ?? 0),
      forms.map { $0.leavesInFlight * $0.accumulatorStride }.max() ?? 0,
      leafCount > 1 ? leafCount * (forms.map(\.weightGradientCount).max() ?? 0) : 0,
      waitingCount,
      aligned(forms.map { max($0.pooledCount, $0.stage.value.lanes) }.max() ?? 0),
      aligned(forms.map { plan.leafSize * $0.stage.value.lanes }.max() ?? 0),
      aligned(augmentationCount),
    ]
    let base = try memory.allocate(
      sizes.reduce(0, +), onNode: memory.binding.node(of: worker))
    var pointers: [MutableFloatPointer] = []
    var offset = 0
    for size in sizes {
      pointers.append(base + offset)
      offset += size
    }
    (x, dz, dx, z) = (pointers[0], pointers[1], pointers[2], pointers[3])
    (conv, accumulators, leafGradients) = (pointers[4], pointers[5], pointers[6])
    (waiting, mask, rows, augmentation) = (pointers[7], pointers[8], pointers[9], pointers[10])
  }
}

/// Floats of scratch that one stage needs, forward and backward.
private struct ScratchNeeds {
  var x = 0
  var dz = 0
  var dx = 0
  var z = 0

  init(_ form: StageForm, _ forms: [StageForm], _ plan: Plan) {
    let stage = form.stage
    let image = plan.network.input
    let plane = image.count + channelLanes
    let sources = plan.reads[stage.reads].map(\.source)
    /// One call's values of what the stage reads.
    let values = sources.filter { $0 >= 0 }.reduce(0) { sum, source in
      let value = forms[source].stage.value
      return sum + (value.isVector ? plan.leafSize : 1) * forms[source].pooledCount
    }
    let group = form.storage.imageGroup
    if !form.isFused && !form.isAffine && !form.fusesOutputGradient {
      dz = group * stage.geometry.outputGradientCount
    }
    switch stage.work {
    case .convolution:
      x = group * stage.geometry.inputCount
      dx = group * stage.geometry.inputGradientCount
      z = group * stage.geometry.outputCount
    case .dense:
      x = stage.geometry.inputCount
      dx = stage.geometry.inputGradientCount
      z = max(values, sources[0] < 0 ? plane : 0)
    case .depthwise(let window):
      let part = window.withBlocks(window.blocksInCache)
      (x, dx) = (part.paddedCount, part.inputCount)
      dz = part.convolution(channels: part.blocks * channelLanes).outputGradientCount
    case .pool: (x, dx, z) = (values, values, 2 * stage.value.lanes)
    case .image: x = plane
    case .sum, .concatenate, .multiply, .copy, .quantize: (x, dx) = (values, values)
    // A leaf at a time, whichever form it reads.
    case .relayout: (x, dx) = (plan.leafSize * values, plan.leafSize * values)
    }
  }
}
