// How a convolution's input gradient is put together along one axis.
// With a stride, inputs of one residue meet the same taps: each residue is a convolution of its own
// over the outputs' gradients, and nothing is multiplied with the zeros between them.

/// One axis of a convolution, from the outputs' gradients to the inputs'.
package struct GradientAxis: Equatable, Sendable {
  package let stride: Int
  /// Extent of the taps with the gaps between dilated ones.
  package let window: Int
  /// Zeros before the first input.
  package let padding: Int
  package let inputs: Int
  package let outputs: Int

  package init(stride: Int, window: Int, padding: Int, inputs: Int, outputs: Int) {
    self.stride = stride
    self.window = window
    self.padding = padding
    self.inputs = inputs
    self.outputs = outputs
  }

  /// The residue of the inputs that a place of the window meets.
  package func residue(ofTap tap: Int) -> Int {
    let remainder = (tap - padding) % stride
    return remainder < 0 ? remainder + stride : remainder
  }

  /// The first place of the window that the inputs of a residue meet, if it lies inside.
  package func firstTap(_ residue: Int) -> Int { (residue + padding) % stride }

  /// Places of the window that the inputs `residue`, `residue + stride` … meet.
  package func tapCount(_ residue: Int) -> Int {
    let first = firstTap(residue)
    return first < window ? (window - 1 - first) / stride + 1 : 0
  }

  /// Those of all residues before.
  package func tapCount(before residue: Int) -> Int {
    var count = 0
    var earlier = 0
    while earlier < residue {
      count += tapCount(earlier)
      earlier += 1
    }
    return count
  }

  /// Where a place of the window stands among those of its residue, the last first: in the order of
  /// the outputs that an input meets.
  package func order(ofTap tap: Int) -> Int {
    tapCount(residue(ofTap: tap)) - 1 - tap / stride
  }

  /// Inputs of a residue.
  package func inputCount(_ residue: Int) -> Int {
    residue < inputs ? (inputs - 1 - residue) / stride + 1 : 0
  }

  /// The first output that the residue's first input meets; below zero within the frame.
  package func firstOutput(_ residue: Int) -> Int {
    let last = firstTap(residue) + (tapCount(residue) - 1) * stride
    return (residue + padding - last) / stride
  }

  /// The last output that the residue's first input meets: with its first tap.
  package func lastOutput(_ residue: Int) -> Int {
    (residue + padding - firstTap(residue)) / stride
  }

  /// Zeros that are read before the first output.
  package var leading: Int {
    // Asked for each image, and mostly of this: what the loop would find, without its divisions.
    if stride == 1 { return max(0, window - 1 - padding) }
    var result = 0
    var residue = 0
    while residue < min(stride, inputs) {
      if tapCount(residue) > 0 { result = max(result, -firstOutput(residue)) }
      residue += 1
    }
    return result
  }

  /// Zeros that are read behind the last output.
  package var trailing: Int {
    if stride == 1 { return max(0, padding + inputs - outputs) }
    var result = 0
    var residue = 0
    while residue < min(stride, inputs) {
      let count = tapCount(residue)
      if count > 0 {
        let last = firstOutput(residue) + inputCount(residue) - 1 + count - 1
        result = max(result, last - (outputs - 1))
      }
      residue += 1
    }
    return result
  }
}
