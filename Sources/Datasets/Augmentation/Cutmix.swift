// CutMix (Yun et al. 2019): a training image with a box of another one in it, whose label counts by the
// box's part of the area.

import PTrainCLibrary
import PTrainMemory

/// Pixels of an image.
struct PixelBox: Equatable {
  let rows: Range<Int>
  let columns: Range<Int>

  var pixelCount: Int { rows.count * columns.count }
}

extension SampleMix {
  /// Draws the mix of `sample` with one of `count` samples.
  ///
  /// The box has `√(1 − λ)` of height and width, each half of it rounded down, of a λ from
  /// Beta(`alpha`, `alpha`); its centre is any pixel. What lies outside of the image is cut off, and what is
  /// left is the share: up to all of it.
  init(
    cutmix alpha: Double, _ shape: AugmentedShape, seed: UInt64, sample: UInt32, epoch: UInt32,
    count: Int
  ) {
    let stream = RandomStream(seed: seed, purpose: .cutmix, sample: sample, epoch: epoch)
    let (x, y) = Self.betaShares(stream, alpha, from: 3)
    let side = (y / (x + y)).squareRoot()
    func range(_ extent: Int, _ element: Int) -> Range<Int> {
      let (centre, half) = (stream.below(extent, element: element), Int(side * Double(extent)) / 2)
      return max(0, centre - half)..<min(extent, centre + half)
    }
    let box = PixelBox(rows: range(shape.height, 2), columns: range(shape.width, 1))
    self.init(
      partner: UInt32(stream.below(count, element: 0)),
      share: Float(box.pixelCount) / Float(shape.height * shape.width), form: .paste(box))
  }
}

extension AugmentedShape {
  /// Copies the pixels of a box inside the image.
  func paste(
    _ box: PixelBox, of other: UnsafePointer<UInt8>, into image: UnsafeMutablePointer<UInt8>
  ) {
    for row in box.rows {
      let first = (row * width + box.columns.lowerBound) * channels
      memcpy(image + first, other + first, box.columns.count * channels)
    }
  }
}
