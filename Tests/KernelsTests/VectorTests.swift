// Passes over flat ranges against their definitions written as plain scalar code.
// Slot counts around every level of the tree.
import Foundation
import PTrainKernelTypes
import Testing

/// The tree of the contract, level by level.
private func treeByDefinition(_ slots: [Float]) -> Float {
  var level = slots
  while level.count > 1 {
    level = stride(from: 0, to: level.count, by: 2).map {
      $0 + 1 < level.count ? level[$0] + level[$0 + 1] : level[$0]
    }
  }
  return level.first ?? 0
}

@Test(arguments: Array(0...40) + [64, 65, 127, 200, 513])
func treeSumFollowsItsDefinition(slotCount: Int) {
  for (count, stride) in [(1, 1), (15, 16), (16, 16), (17, 20), (33, 48)] {
    let slots = Floats(random: slotCount * stride + count, seed: UInt64(slotCount + 1))
    let expected = (0..<count).map { i in
      treeByDefinition((0..<slotCount).map { slots[$0 * stride + i] })
    }
    for kernels in variants {
      let result = Floats(count + 1, fill: 5)
      kernels.treeSum(
        slots: slots.read, stride: stride, slotCount: slotCount, count: count,
        result: result.pointer)
      #expect(Array(result.values.prefix(count)) == expected)
      #expect(result[count] == 5, "writes beyond the end")
    }
  }
}

/// One Philox4x32-10 block in plain scalar code (Salmon et al. 2011).
private func philox(_ counter: [UInt32], _ key: [UInt32]) -> [UInt32] {
  var c = counter
  var k = key
  for _ in 0..<10 {
    let p0 = UInt64(c[0]) * 0xD251_1F53
    let p1 = UInt64(c[2]) * 0xCD9E_8D57
    c = [
      UInt32(p1 >> 32) ^ c[1] ^ k[0], UInt32(truncatingIfNeeded: p1),
      UInt32(p0 >> 32) ^ c[3] ^ k[1], UInt32(truncatingIfNeeded: p0),
    ]
    k = [k[0] &+ 0x9E37_79B9, k[1] &+ 0xBB67_AE85]
  }
  return c
}

@Test func scalarPhiloxGivesTheKnownAnswers() {
  // kat_vectors of Random123
  #expect(philox([0, 0, 0, 0], [0, 0]) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
  let ones = UInt32.max
  #expect(
    philox([ones, ones, ones, ones], [ones, ones])
      == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
  #expect(
    philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0])
      == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
}

@Test(arguments: [1, 16, 63, 64, 65, 200, 512, 1100], [Float(0), 0.1, 0.5])
func dropoutMaskFollowsTheStream(count: Int, rate: Float) {
  let source = MaskSource(seed: 0x299f_31d0_a409_3822, stream: 0x103, sample: 59_999, epoch: 7)
  let threshold = UInt32(Double(rate) * 4_294_967_296)
  let expected: [Double] = (0..<count).map { e in
    let block = UInt32(e / 64 * 16 + e % 16)
    let words = philox(
      [block, source.stream, source.sample, source.epoch], [0xa409_3822, 0x299f_31d0])
    return words[e / 16 % 4] < threshold ? 0 : Double(1 / (1 - rate))
  }
  check("mask", tolerance: 0, expected: expected + [5]) {
    let mask = Floats(count + 1, fill: 5)
    var bits = [UInt32](repeating: 0x5555_5555, count: dropoutWordCount(count))
    $0.dropoutBits(source, rate: rate, count: count, bits: &bits)
    $0.dropoutMask(bits: bits, rate: rate, count: count, mask: mask.pointer)
    return mask.values
  }
}

@Test(arguments: [1, 3], [1, 5, 31])
func normalizesInterleavedChannels(channels: Int, width: Int) {
  let height = 3
  let padding = Edges(top: 1, left: 2, bottom: 0, right: 3)
  let count = height * width * channels
  let pixels = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
  let gains = Floats((0..<16 * channels).map { 0.0128 * Float($0 % channels + 1) })
  let offsets = Floats((0..<16 * channels).map { Float($0 % channels) - 0.424 })
  let rowFloats = (width + padding.left + padding.right) * channels
  var expected = [Double](repeating: 0, count: (height + padding.top) * rowFloats)
  for i in 0..<count {
    let (y, x) = i.quotientAndRemainder(dividingBy: width * channels)
    expected[(y + padding.top) * rowFloats + padding.left * channels + x] =
      Double(pixels[i]) * Double(gains[i % channels]) + Double(offsets[i % channels])
  }
  check("normalize", tolerance: 1e-7, expected: expected + [5]) { kernels in
    let plane = Floats(expected.count + 1, fill: .nan)
    plane[expected.count] = 5
    pixels.withUnsafeBufferPointer {
      kernels.normalize(
        ImageShape(height: height, width: width, channels: channels), padding: padding,
        pixels: $0.baseAddress.unsafelyUnwrapped, gains: gains.read,
        offsets: offsets.read, plane: plane.pointer)
    }
    return plane.values
  }
}

/// Softmax cross-entropy in Double: losses and `scale · dloss/dlogits`, `[blocks, rows, 16]`.
private func crossEntropyInDouble(
  rows: Int, classes: Int, logits: Floats, labels: [UInt16], smoothing: Double, scale: Double
) -> (losses: [Double], gradient: [Double]) {
  let blocks = (classes + 15) / 16
  var losses: [Double] = []
  var gradient = [Double](repeating: 0, count: blocks * rows * 16)
  for row in 0..<rows {
    func index(_ k: Int) -> Int { (k / 16 * rows + row) * 16 + k % 16 }
    let values = (0..<classes).map { Double(logits[index($0)]) }
    let peak = values.max() ?? 0
    let sum = values.reduce(0) { $0 + exp($1 - peak) }
    var loss = log(sum)
    for k in 0..<classes {
      let target = (k == Int(labels[row]) ? 1 - smoothing : 0) + smoothing / Double(classes)
      loss -= target * (values[k] - peak)
      gradient[index(k)] = scale * (exp(values[k] - peak) / sum - target)
    }
    losses.append(loss)
  }
  return (losses, gradient)
}

@Test(arguments: [1, 2, 10, 16, 17, 40], [Float(0), 0.1])
func crossEntropyMatchesDouble(classes: Int, smoothing: Float) {
  let rows = 9
  let blocks = (classes + 15) / 16
  let logits = Floats(random: blocks * rows * 16, seed: 3)
  for i in 0..<logits.count { logits[i] *= 12 }
  let labels = (0..<rows).map { UInt16($0 * 7 % classes) }
  let expected = crossEntropyInDouble(
    rows: rows, classes: classes, logits: logits, labels: labels, smoothing: Double(smoothing),
    scale: 0.25)
  check(
    "cross-entropy", tolerance: 5e-7,
    expected: ["losses": expected.losses, "gradient": expected.gradient]
  ) { kernels in
    let losses = Floats(rows, fill: .nan)
    let gradient = Floats(logits.count, fill: .nan)
    var correct = [UInt16](repeating: 9, count: rows)
    labels.withUnsafeBufferPointer {
      kernels.crossEntropy(
        rows: rows, classes: classes, logits: logits.read,
        labels: $0.baseAddress.unsafelyUnwrapped, labelSmoothing: smoothing, gradientScale: 0.25,
        losses: losses.pointer, correct: &correct, gradient: gradient.pointer)
    }
    for row in 0..<rows {
      let values = (0..<classes).map { logits[($0 / 16 * rows + row) * 16 + $0 % 16] }
      let best = values.firstIndex(of: values.max() ?? 0)
      #expect(correct[row] == (best == Int(labels[row]) ? 1 : 0))
    }
    return [losses.values, gradient.values]
  }
}

@Test func firstOfEqualLogitsCounts() {
  let logits = Floats(32)
  for k in 0..<10 { logits[k] = k == 4 || k == 7 ? 2 : 1 }
  for k in 0..<10 { logits[16 + k] = k == 4 || k == 7 ? 2 : 1 }
  let labels: [UInt16] = [4, 7]
  for kernels in variants {
    let losses = Floats(2)
    var correct: [UInt16] = [9, 9]
    labels.withUnsafeBufferPointer {
      kernels.crossEntropy(
        rows: 2, classes: 10, logits: logits.read, labels: $0.baseAddress.unsafelyUnwrapped,
        labelSmoothing: 0, gradientScale: 1, losses: losses.pointer, correct: &correct,
        gradient: nil)
    }
    #expect(correct == [1, 0])
  }
}

/// `exp` alone: with two classes and logits (0, -t) the gradient of the second is a sigmoid of `-t`,
/// `log` alone: the loss of equal logits is `ln classes`.
@Test func exponentialAndLogarithmStayWithinTwoUnits() {
  for kernels in variants {
    for t in stride(from: Float(0), through: 80, by: 0.37) {
      let logits = Floats(16)
      logits[1] = -t
      let losses = Floats(1)
      let gradient = Floats(16)
      var correct: [UInt16] = [0]
      var label: UInt16 = 0
      kernels.crossEntropy(
        rows: 1, classes: 2, logits: logits.read, labels: &label, labelSmoothing: 0,
        gradientScale: 1, losses: losses.pointer, correct: &correct, gradient: gradient.pointer)
      let e = exp(-Double(t))
      let sigmoid = e / (1 + e)
      #expect(abs(Double(gradient[1]) - sigmoid) <= 4e-7 * sigmoid, "exp of \(-t)")
      #expect(abs(Double(losses[0]) - log1p(e)) <= 1.3e-7, "log of 1 + e^-\(t)")
    }
    for classes in 2...255 {
      let logits = Floats((classes + 15) / 16 * 16)
      let losses = Floats(1)
      var correct: [UInt16] = [0]
      var label: UInt16 = 0
      kernels.crossEntropy(
        rows: 1, classes: classes, logits: logits.read, labels: &label, labelSmoothing: 0,
        gradientScale: 1, losses: losses.pointer, correct: &correct, gradient: nil)
      let expected = log(Double(classes))
      #expect(abs(Double(losses[0]) - expected) <= 2.4e-7 * expected, "ln \(classes)")
    }
  }
}
