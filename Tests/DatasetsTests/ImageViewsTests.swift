// Views of images against plain loops: bytes and floats, one channel and three.

import PTrainNetworks
import Testing

@testable import PTrainDatasets

@Suite struct ImageViewsTests {
  private func set(_ type: PixelType, channels: Int) throws -> ImageSet {
    let size = channels * type.size
    let bytes = (0..<3 * 4 * 5 * size).map { UInt8(truncatingIfNeeded: $0 * 37 + $0 * $0 / 7) }
    return ImageSet(
      height: 4, width: 5, channels: channels, pixelType: type, images: try .init(bytes),
      labels: [0, 1, 0])
  }

  /// A pixel's bytes, the image reflected about its outermost pixels.
  private func pixel(_ set: ImageSet, _ image: Int, _ y: Int, _ x: Int) -> ArraySlice<UInt8> {
    func inside(_ place: Int, _ extent: Int) -> Int {
      let period = 2 * (extent - 1)
      let turned = ((place % period) + period) % period
      return min(turned, period - turned)
    }
    let size = set.channels * set.pixelType.size
    let place = (inside(y, set.height) * set.width + inside(x, set.width)) * size
    return set.pixels(of: image)[place..<place + size]
  }

  @Test(arguments: [PixelType.byte, .float], [1, 3])
  func pixelsComeFromWhereTheyShould(type: PixelType, channels: Int) throws {
    let set = try set(type, channels: channels)
    for (view, _) in ImageViews.shift.weighted {
      let seen = try set.seen(as: view)
      #expect(seen.labels == set.labels && seen.imageShape == set.imageShape)
      for image in 0..<3 {
        var expected: [UInt8] = []
        for y in 0..<4 {
          for x in 0..<5 {
            let column = view.isMirrored ? 4 - x : x
            expected += pixel(set, image, y - view.shift, column - view.shift)
          }
        }
        #expect(seen.pixels(of: image) == expected, "\(view)")
      }
    }
  }

  @Test func weightsAddUpToOne() {
    for views in ImageViews.allCases {
      #expect(views.weighted.reduce(0) { $0 + $1.weight } == 1)
      #expect(views.weighted[0].view == ImageView())
    }
    #expect(ImageViews.allCases.map { $0.weighted.count } == [1, 2, 6])
  }
}
