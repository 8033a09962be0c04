// The parameters that a run begins with: drawn from its seed, or made from its training images.

import PTrainDatasets
import PTrainDiagnostics
import PTrainNetworks

extension ModelState {
  /// A new run's parameters: with `whiten` in its recipe the first convolution has weights from the
  /// training images, and biases of 0.
  ///
  /// Throws `badData` where the images or the network do not go with that.
  static func first(
    of network: Network, _ recipe: Recipe, images: ImageSet, normalization: Normalization,
    seed: UInt64
  ) throws(Failure) -> ModelState {
    var state = ModelState.initial(network: network, seed: seed)
    guard recipe.whiten > 0 else { return state }
    try network.requireSize(of: images)
    let convolution = try WhitenedConvolution(of: network)
    let seen = images[0..<whitenedCount(images)]
    guard let moments = seen.patchMoments(convolution.window, normalization) else {
      throw Failure(
        .badData,
        "whiten: the images have \(images.height)x\(images.width) pixels, fewer than the window of "
          + "\(network.description.name)'s first convolution")
    }
    state.values.replaceSubrange(
      convolution.weight.range,
      with: convolution.weights(moments: moments, epsilon: recipe.whiten))
    if let bias = convolution.bias { for place in bias.range { state.values[place] = 0 } }
    return state
  }

  /// So many of the first images are looked at: 5,000, or as many as have 5 million pixels.
  private static func whitenedCount(_ images: ImageSet) -> Int {
    let pixelCount = images.height * images.width
    return min(images.count, 5000, max(1, 5_000_000 / pixelCount))
  }
}

extension Network {
  /// Workers copy whole images into buffers of the network's size: throws `badData` for any other.
  func requireSize(of set: ImageSet) throws(Failure) {
    guard set.channels == input.channels else {
      throw Failure(
        .badData,
        "the images have \(set.channels) channels, the network takes \(input.channels)")
    }
    guard (set.height, set.width) == (input.height, input.width) else {
      throw Failure(
        .badData,
        "the images have \(set.height)x\(set.width) pixels, the network takes "
          + "\(input.height)x\(input.width)")
    }
  }
}
