// What holds for every plan, checked by tests, and a plan as text.

import PTrainKernelTypes
import PTrainNetworks

extension Plan {
  /// What is wrong with the plan; empty for every plan that the compiler makes.
  package var violations: [String] { updateViolations + readViolations + scheduleViolations }

  /// Each trainable parameter is in one update part, no other value in any.
  private var updateViolations: [String] {
    var counts = [Int](repeating: 0, count: network.layout.count)
    for part in UpdatePart.parts(stages) {
      for place in weightPlaces(part) { counts[place] += 1 }
      guard part.hasVectors else { continue }
      tensors[part.stage].forEachVector { tensor in
        for place in tensor.range { counts[place] += 1 }
      }
    }
    return network.layout.tensors.compactMap { tensor in
      let expected = tensor.isTrainable ? 1 : 0
      return counts[tensor.range].allSatisfy { $0 == expected }
        ? nil : "\(tensor.name): not \(expected) updates of each value"
    }
  }

  /// Places of the block that a part's weights are.
  private func weightPlaces(_ part: UpdatePart) -> [Int] {
    guard let weight = tensors[part.stage].weight else { return [] }
    let stage = stages[part.stage]
    switch part.weights {
    case .none: return []
    case .tile(let tile):
      return tile.outputs.flatMap { output in
        let (inputs, first) = stage.geometry.weights(of: output, in: tile)
        let start = weight.offset + first
        return Array(start..<start + inputs.count * stage.geometry.taps)
      }
    case .channels(let window, let block):
      let first = block * channelLanes
      let end = min(first + channelLanes, stage.value.channels)
      return Array(weight.offset + first * window.taps..<weight.offset + end * window.taps)
    }
  }

  /// A value is computed before it is read and has a reader; backward its first reader overwrites, the
  /// others add, and the last one completes.
  private var readViolations: [String] {
    var violations: [String] = []
    var writers = [Int](repeating: 0, count: stages.count)
    var isComplete = [Bool](repeating: false, count: stages.count)
    for stage in schedule.backward.joined() {
      for read in reads[stages[stage].reads] where read.source >= 0 {
        if read.source >= stage { violations.append("stage \(stage) reads what comes later") }
        if read.accumulates != (writers[read.source] > 0) {
          violations.append("stage \(stage): wrong route to \(read.source)")
        }
        if isComplete[read.source] {
          violations.append("stage \(stage) adds to \(read.source), which is complete")
        }
        isComplete[read.source] = read.completes
        writers[read.source] += 1
      }
    }
    for stage in stages.indices.dropLast() where writers[stage] == 0 {
      violations.append("nothing reads stage \(stage)")
    }
    for stage in stages.indices.dropLast() where writers[stage] > 0 && !isComplete[stage] {
      violations.append("nothing completes the gradient of stage \(stage)")
    }
    if stages.last.map({ $0.value.isVector && $0.value.view.isPlain }) != true {
      violations.append("the logits are no plain vector")
    }
    return violations
  }

  /// Every stage is in one phase of each direction, behind what it waits for.
  private var scheduleViolations: [String] {
    var violations: [String] = []
    func phases(_ groups: [[Int]]) -> [Int: Int] {
      var phases: [Int: Int] = [:]
      for (phase, stages) in groups.enumerated() {
        for stage in stages { phases[stage] = phase }
      }
      if groups.joined().count != stages.count || phases.count != stages.count {
        violations.append("not every stage is in one phase")
      }
      return phases
    }
    let (forward, backward) = (phases(schedule.forward), phases(schedule.backward))
    for (index, stage) in stages.enumerated() {
      for read in reads[stage.reads] where read.source >= 0 {
        let wait = stages[read.source].value.view.hasNorm ? 1 : 0
        if forward[index]! < forward[read.source]! + wait
          || backward[read.source]! < backward[index]! + wait
        {
          violations.append("stage \(index) does not wait for \(read.source)")
        }
      }
    }
    return violations
  }
}

extension Plan: CustomStringConvertible {
  /// One line a stage: name, work, what it reads, its epilogue and view, then the phases.
  package var description: String {
    let lines = stages.indices.map { index in
      let stage = stages[index]
      let sources = reads[stage.reads].map { $0.source < 0 ? "image" : tensors[$0.source].name }
      let words = [
        "\(index) \(tensors[index].name): \(stage.workText)(\(sources.joined(separator: ", ")))",
        stage.hasBias ? "bias" : "", stage.reluBefore ? "relu" : "",
        stage.value.view.hasNorm ? "norm" : "",
        stage.value.view.activation == .identity ? "" : "\(stage.value.view.activation.kind)",
        stage.value.window > 1 ? "pool \(stage.value.window)" : "",
        stage.value.view.isGloballyPooled ? "mean" : "",
        stage.value.view.dropout == nil ? "" : "dropout", "-> \(stage.value.sizeText)",
        stage.isAffine ? "made where it is read" : "",
      ]
      return words.filter { !$0.isEmpty }.joined(separator: " ")
    }
    let phases = ["forward \(schedule.forward)", "backward \(schedule.backward)"]
    return (lines + phases).joined(separator: "\n") + "\n"
  }
}

extension Stage {
  fileprivate var workText: String {
    switch work {
    case .convolution:
      "conv \(geometry.kernelHeight)x\(geometry.kernelWidth)/\(geometry.verticalStride)"
    case .dense: geometry.featurePixels > 1 ? "dense over \(geometry.featurePixels)" : "dense"
    case .depthwise(let window):
      "depthwise \(window.windowHeight)x\(window.windowWidth)/\(window.verticalStride)"
    case .pool(let kind, let window): "\(kind) \(window.windowHeight)x\(window.windowWidth)"
    case .sum: "sum"
    case .concatenate: "concatenate"
    case .multiply: "multiply"
    case .copy: "copy"
    case .quantize: "quantize"
    case .image: "map"
    case .relayout: "relayout"
    }
  }
}

extension StoredValue {
  fileprivate var sizeText: String {
    isVector ? "\(channels)" : "\(channels)x\(pooledHeight)x\(pooledWidth)"
  }
}
