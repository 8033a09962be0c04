// Sizes as options write them.

import Testing

@testable import PTrainDatasets

@Suite struct ImageSizeTests {
  @Test func widthComesFirst() {
    #expect(ImageSize("96") == ImageSize(height: 96, width: 96))
    #expect(ImageSize("128x96") == ImageSize(height: 96, width: 128))
    #expect("\(ImageSize(height: 96, width: 128))" == "128x96")
    for text in ["", "0", "0x5", "5x", "x5", "5x5x5", "-5", "5.0", "4097", "a", "+5", "5 x 5"] {
      #expect(ImageSize(text) == nil)
    }
  }
}
