// The affine map that one sample meets in one epoch.
// Drawn from seed, sample and epoch alone, so any worker of any run draws the same.

import PTrainMemory
import PTrainNetworks

/// Where each pixel of the output lies in the source:
/// `(x, y) -> (xx·x + xy·y + x0, yx·x + yy·y + y0)`.
struct AffineMap: Equatable {
  var xx = 1.0
  var xy = 0.0
  var x0 = 0.0
  var yx = 0.0
  var yy = 1.0
  var y0 = 0.0

  /// The inverse of: shear, scale and rotate about the centre of the image, then shift.
  init(
    rotation: Double, scale: Double, shear: Double, shiftX: Double, shiftY: Double, height: Int,
    width: Int
  ) {
    let sine = Elementary.sin(rotation)
    let cosine = Elementary.cos(rotation)
    xx = (cosine + shear * sine) / scale
    xy = (sine - shear * cosine) / scale
    yx = -sine / scale
    yy = cosine / scale
    let centreX = Double(width - 1) / 2
    let centreY = Double(height - 1) / 2
    x0 = centreX - xx * (centreX + shiftX) - xy * (centreY + shiftY)
    y0 = centreY - yx * (centreX + shiftX) - yy * (centreY + shiftY)
  }

  /// Draws a map: elements 0 to 4 of the stream are rotation, scale, shear and the two shifts.
  init(_ ranges: AffineAugmentation, from stream: RandomStream, height: Int, width: Int) {
    func draw(_ element: Int, _ range: Double) -> Double {
      (2 * Double(stream.uniform(element: element)) - 1) * range
    }
    self.init(
      rotation: draw(0, ranges.rotationDegrees) * (.pi / 180), scale: 1 + draw(1, ranges.scale),
      shear: draw(2, ranges.shear), shiftX: draw(3, ranges.shiftPixels),
      shiftY: draw(4, ranges.shiftPixels), height: height, width: width)
  }
}
