// The first unit where its output is affine in the image up to a last ReLU: conv, BN, ReLU.
// Forward it only sums moments of the images; its consumer makes it from the image whenever it reads
// it, and turns its own input gradient straight into this unit's weight gradient.

import KernelTypes
import Networks

extension Executor {
  /// The forward pass: `sums [ImageMoments.count] +=` those of the shard's images.
  func sumImageMoments(_ state: UnitState, _ task: ShardTask, sums: MutableFloatPointer) {
    guard task.mode != .evaluation else { return }
    for place in task.places {
      loadImage(state.unit, place, task, to: task.scratch.x)
      kernels.imageMoments(
        state.unit.geometry, x: task.scratch.x, sums: sums, scratch: task.scratch.conv)
    }
  }

  /// Fills the worker's `x` with the unit's outputs, and the first places of `z` with its images.
  func prepareAffineInput(
    _ unit: Unit, _ source: UnitState, _ places: Range<Int>, _ task: ShardTask
  ) {
    let geometry = source.unit.geometry
    for (image, place) in places.enumerated() {
      let plane = task.scratch.z + image * geometry.inputCount
      loadImage(source.unit, place, task, to: plane)
      kernels.affineStageForward(
        geometry, source.consumerConstants, x: plane, weights: source.forwardWeights,
        padding: unit.geometry.padding, y: task.scratch.x + image * unit.geometry.inputCount,
        scratch: task.scratch.conv)
    }
  }

  /// The backward pass but for what needs the whole minibatch, after `prepareAffineInput`.
  func returnAffineGradient(
    _ unit: Unit, _ source: UnitState, _ places: Range<Int>, _ task: ShardTask
  ) {
    let geometry = source.unit.geometry
    let slot = source.slot(task.shard)
    for image in 0..<places.count {
      kernels.affineStageBackward(
        geometry, x: task.scratch.z + image * geometry.inputCount,
        padding: unit.geometry.padding, y: task.scratch.x + image * unit.geometry.inputCount,
        dy: task.scratch.dx + image * unit.geometry.inputGradientCount,
        weightGradient: slot + source.slotLayout.weightGradient.lowerBound,
        sums: slot + source.slotLayout.biasGradient.lowerBound, scratch: task.scratch.conv)
    }
  }

  /// From the minibatch's sums to the gradients: with `g` the gated gradient of the output,
  /// `dw = gain·Σxg + k0·Σx + k1·Σxz`, where `Σxz` and `Σgz` follow from `z = w·x`.
  func differentiateAffine(_ index: Int, _ block: ParameterBlock) {
    let state = states[index]
    guard let tensors = plan.tensors[index].batchNorm else { return }
    let layout = state.slotLayout
    let products = state.sums + layout.weightGradient.lowerBound
    WindowMoments.with(state.sums + layout.forwardSums.lowerBound) { moments in
      let count = moments.imageCount * Double(state.unit.pixelsPerSample)
      for channel in 0..<state.unit.channels {
        let weights = block.values(plan.tensors[index].weight) + channel * WindowMoments.taps
        let (blockIndex, lane) = channel.quotientAndRemainder(dividingBy: channelLanes)
        let gated = products + blockIndex * channelLanes * channelLanes + lane
        var sum = 0.0
        for tap in 0..<WindowMoments.taps {
          sum += Double(weights[tap]) * Double(gated[tap * channelLanes])
        }
        let factors = differentiate(
          state, tensors, block, channel,
          sum: Double(state.sums[layout.biasGradient.lowerBound + channel]), productSum: sum,
          count: count)
        let result = block.gradient(plan.tensors[index].weight) + channel * WindowMoments.taps
        for tap in 0..<WindowMoments.taps {
          let dense = factors.k0 * moments.sums[tap] + factors.k1 * moments.product(tap, weights)
          result[tap] = Float(factors.gain * Double(gated[tap * channelLanes]) + dense)
        }
      }
    }
  }
}

/// Sums over all 3x3 windows, zeros around the images: of each place, and of products of two places.
struct WindowMoments {
  static let taps = 9

  /// `[9]`
  let sums: UnsafeMutablePointer<Double>
  let imageCount: Double
  /// `[9, 9]`
  private let products: UnsafeMutablePointer<Double>

  /// Calls `body` with what follows from `ImageMoments`.
  static func with(_ moments: FloatPointer, _ body: (WindowMoments) -> Void) {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: taps + taps * taps) { memory in
      body(WindowMoments(moments, memory.baseAddress!))
    }
  }

  private init(_ moments: FloatPointer, _ memory: UnsafeMutablePointer<Double>) {
    sums = memory
    products = memory + Self.taps
    imageCount = Double(moments[ImageMoments.images])
    for a in 0..<Self.taps {
      sums[a] = Self.sum(moments, a)
      for b in a..<Self.taps {
        products[a * Self.taps + b] = Self.product(moments, a, b)
        products[b * Self.taps + a] = products[a * Self.taps + b]
      }
    }
  }

  /// `Σ x[a]·z` for `z = w·x`.
  func product(_ a: Int, _ weights: FloatPointer) -> Double {
    (0..<Self.taps).reduce(0.0) { $0 + products[a * Self.taps + $1] * Double(weights[$1]) }
  }

  /// `(Σz, Σz²)` for `z = w·x`.
  func outputSums(_ weights: FloatPointer) -> (sum: Double, squares: Double) {
    var (sum, squares) = (0.0, 0.0)
    for tap in 0..<Self.taps {
      sum += Double(weights[tap]) * self.sums[tap]
      squares += Double(weights[tap]) * product(tap, weights)
    }
    return (sum, squares)
  }

  /// A window's first row never stands on the image's last one, its last row never on the first; so
  /// with the columns.
  private static func sum(_ moments: FloatPointer, _ a: Int) -> Double {
    let (y, x) = a.quotientAndRemainder(dividingBy: 3)
    var sum = Double(moments[ImageMoments.lags + ImageMoments.total])
    if let row = edge(y) { sum -= Double(moments[group(row) + ImageMoments.total]) }
    if let column = edge(x) { sum -= Double(moments[group(2 + column) + ImageMoments.total]) }
    if let row = edge(y), let column = edge(x) {
      sum += Double(moments[ImageMoments.corners + 2 * row + column])
    }
    return sum
  }

  /// Two places leave out the same edge, or all pairs that have both pixels in the image count.
  private static func product(_ moments: FloatPointer, _ a: Int, _ b: Int) -> Double {
    let (y, x) = a.quotientAndRemainder(dividingBy: 3)
    let (dy, dx) = (b / 3 - y, b % 3 - x)
    let center = ImageMoments.center
    var sum = Double(moments[ImageMoments.lags + dy * ImageMoments.group + center + dx])
    if dy == 0, let row = edge(y) { sum -= Double(moments[group(row) + center + dx]) }
    if dx == 0, let column = edge(x) { sum -= Double(moments[group(2 + column) + center + dy]) }
    if a == b, let row = edge(y), let column = edge(x) {
      sum += Double(moments[ImageMoments.corners + 4 + 2 * row + column])
    }
    return sum
  }

  /// The edge, first or last, that the place left out at the other end never stands on.
  private static func edge(_ place: Int) -> Int? { place == 1 ? nil : 1 - place / 2 }

  private static func group(_ edge: Int) -> Int { ImageMoments.edges + edge * ImageMoments.group }
}
