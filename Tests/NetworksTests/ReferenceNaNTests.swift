// What a NaN means in the reference is what it means in the kernels (KernelsTests/NaNTests): it stays,
// but no gradient passes a ReLU of it, and a pool begins anew behind it.

import Testing

@testable import PTrainNetworks

@Suite struct ReferenceNaNTests {
  @Test(arguments: [(2, 4), (3, 9)].flatMap { size, count in (0..<count).map { (size, $0) } })
  func poolBeginsAnew(_ pixel: (size: Int, index: Int)) {
    let (size, index) = pixel
    var x = (0..<size * size).map { Double(($0 * 5 + 2) % 7) - 10 }
    x[index] = .nan
    let largest = x[(index + 1)...].max()
    let (y, places) = Reference<Double>.maxPoolForward(
      ReferencePoolSizes(input: Shape(channels: 1, height: size, width: size), size: size), x: x)
    if index == size * size - 1 {
      #expect(y[0].isNaN && places == [index])
    } else {
      #expect(y == [largest] && places == [x[(index + 1)...].firstIndex(of: largest!)!])
    }
  }

  @Test func reluKeepsANaNAndItsGradientIsNone() {
    let (y, mask) = Reference<Double>.reluForward(x: [.nan, -1, 2, -.infinity])
    #expect(y[0].isNaN && y[1...] == [0, 2, 0])
    #expect(Reference<Double>.reluBackward(mask: mask, dy: [1, 1, 1, 1]) == [0, 0, 1, 0])
  }

  @Test(arguments: 0..<3) func noLossHasOne(index: Int) {
    var logits = [0.5, 2, -1]
    logits[index] = .nan
    for smoothing in [0, 0.1] {
      let (losses, _) = Reference<Double>.crossEntropyForward(
        logits: logits, labels: [1], labelSmoothing: smoothing)
      #expect(losses[0].isNaN)
    }
  }
}
