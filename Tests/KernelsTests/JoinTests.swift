// Sums, products and channels side by side, against plain loops.
// Channels start at any lane; what stands beside them stays.
import PTrainKernelTypes
import Testing

@Test(arguments: [16, 48, 1600])
func sumsAndProducts(count: Int) {
  let x = Floats(random: count, seed: 1)
  let y = Floats(random: count, seed: 2)
  x[3] = .nan
  let sum = (0..<count).map { x[$0] + y[$0] }
  let product = (0..<count).map { x[$0] * y[$0] }
  for kernels in variants {
    let added = Floats(y.values)
    kernels.add(count: count, x.read, to: added.pointer)
    #expect(added.values.map(\.bitPattern) == sum.map(\.bitPattern))
    let multiplied = Floats(count, fill: 5)
    kernels.multiply(count: count, x.read, y.read, multiplied.pointer)
    #expect(multiplied.values.map(\.bitPattern) == product.map(\.bitPattern))
    let inPlace = Floats(x.values)
    kernels.multiply(count: count, inPlace.read, y.read, inPlace.pointer)
    #expect(inPlace.values.map(\.bitPattern) == product.map(\.bitPattern))
  }
}

@Test(arguments: [(1, 1), (3, 8), (2, 35)])
func channelFactors(blocks: Int, pixels: Int) {
  let stride = 32
  let x = Floats(random: blocks * pixels * 16, seed: 1)
  let y = Floats(random: x.count, seed: 2)
  let factors = Floats(random: blocks * stride, seed: 3)
  var scaled = [Double](repeating: 0, count: x.count)
  var products = [Double](repeating: 7, count: blocks * stride)
  for channel in 0..<blocks * 16 {
    let place = channel / 16 * stride + channel % 16
    products[place] = 0
    for pixel in 0..<pixels {
      let i = blockedIndex(channel, pixel, pixels: pixels)
      scaled[i] = Double(x[i] * factors[place])
      products[place] += Double(x[i]) * Double(y[i])
    }
  }
  check("scale", tolerance: 0, expected: scaled) {
    let result = Floats(x.values)
    $0.scaleChannels(
      blocks: blocks, pixels: pixels, x: result.read, factors: factors.read, blockStride: stride,
      y: result.pointer)
    return result.values
  }
  check("products", tolerance: 1e-6, expected: products) {
    let result = Floats(products.count, fill: 7)
    $0.channelProducts(
      blocks: blocks, pixels: pixels, x: x.read, y: y.read, result: result.pointer,
      blockStride: stride)
    return result.values
  }
}

@Test func productsKeepWhatIsNoNumber() {
  let x = Floats(random: 5 * 16, seed: 1)
  let y = Floats(random: 5 * 16, seed: 2)
  x[4 * 16 + 9] = .nan
  for kernels in variants {
    let result = Floats(16)
    kernels.channelProducts(
      blocks: 1, pixels: 5, x: x.read, y: y.read, result: result.pointer, blockStride: 16)
    #expect(result.values.indices.filter { result[$0].isNaN } == [9])
  }
}

/// Widths of the inserted map and where it goes.
private let places = [
  (16, 0), (32, 16), (20, 0), (20, 16), (5, 3), (5, 13), (1, 15), (33, 7), (48, 8), (12, 4),
  (3, 32),
]

@Test(arguments: places, [1, 6])
func channelsSideBySide(place: (channels: Int, offset: Int), pixels: Int) {
  let (channels, offset) = place
  let blocks = channelBlocks(channels)
  let whole = channelBlocks(offset + channels) + 1
  let x = Floats(random: blocks * pixels * 16, seed: 1)
  let z = Floats(random: whole * pixels * 16, seed: 2)
  var inserted = z.values
  var extracted = [Float](repeating: 0, count: x.count)
  for channel in 0..<channels {
    for pixel in 0..<pixels {
      let inside = blockedIndex(channel, pixel, pixels: pixels)
      let outside = blockedIndex(offset + channel, pixel, pixels: pixels)
      inserted[outside] = x[inside]
      extracted[inside] = z[outside]
    }
  }
  for kernels in variants {
    let map = Floats(z.values)
    kernels.insertChannels(
      channels: channels, pixels: pixels, x: x.read, offset: offset, z: map.pointer)
    #expect(map.values == inserted, "\(kernels.instructionSet)")
    let part = Floats(x.count, fill: .nan)
    kernels.extractChannels(
      channels: channels, pixels: pixels, z: z.read, offset: offset, x: part.pointer)
    #expect(part.values == extracted, "\(kernels.instructionSet)")
  }
}
