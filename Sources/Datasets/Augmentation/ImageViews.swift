// Views of test images: mirrored and shifted by a pixel. A model that answers to several of an image and
// has its logits averaged is right more often, and takes as many times as long.

import PTrainDiagnostics
import PTrainMemory

/// What of each image a model answers to; the logits are averaged.
public enum ImageViews: String, CaseIterable, Sendable {
  /// The image alone.
  case single
  /// The image and its mirror image, each a half.
  case flip
  /// A half of the logits as `flip` has them; the other half from the image shifted by one pixel down and
  /// right and from the image shifted up and left, with the mirror images of these, a quarter each of that
  /// half. Beyond the border the image is reflected about its outermost pixels (Jordan 2024).
  case shift

  /// The views in the order in which their logits are added, with factors of a power of two.
  package var weighted: [(view: ImageView, weight: Float)] {
    func both(_ shift: Int, _ weight: Float) -> [(view: ImageView, weight: Float)] {
      [false, true].map { (ImageView(shift: shift, isMirrored: $0), weight) }
    }
    switch self {
    case .single: return [(ImageView(), 1)]
    case .flip: return both(0, 0.5)
    case .shift: return both(0, 0.25) + both(1, 0.125) + both(-1, 0.125)
    }
  }
}

/// One view of an image.
package struct ImageView: Equatable, Sendable {
  /// Pixels down and right, -1 to 1.
  var shift = 0
  /// Left to right, after the shift.
  var isMirrored = false
}

extension ImageSet {
  /// The set with each image as `view` shows it; throws `.fault` without memory.
  ///
  /// Shifted images must have two pixels in height and width.
  package func seen(as view: ImageView) throws(Failure) -> ImageSet {
    guard view != ImageView() else { return self }
    precondition(view.shift == 0 || min(height, width) > 1)
    // Bytes that move together are a pixel's, whatever they hold.
    let shape = AugmentedShape(
      height: height, width: width, channels: channels * pixelType.size)
    let views = try ByteStore(capacity: images.count) { buffer in
      let first = buffer.baseAddress!.assumingMemoryBound(to: UInt8.self)
      withUnsafeTemporaryAllocation(of: UInt8.self, capacity: shape.count) { shifted in
        for place in stride(from: 0, to: images.count, by: shape.count) {
          let (source, target) = (images.base + place, first + place)
          guard view.isMirrored else {
            shape.shiftReflecting(source, to: target, by: view.shift)
            continue
          }
          shape.shiftReflecting(source, to: shifted.baseAddress!, by: view.shift)
          shape.mirror(shifted.baseAddress!, to: target)
        }
      }
      return buffer.count
    }
    return ImageSet(
      height: height, width: width, channels: channels, pixelType: pixelType, images: views,
      labels: labels, classNames: classNames)
  }
}
