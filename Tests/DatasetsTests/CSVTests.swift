// Tables of images: what a row may be, and where the first wrong one is.

import PTrainDiagnostics
import Testing

@testable import PTrainDatasets

@Suite struct CSVTests {
  private func table(_ text: String, pixelCount: Int? = nil) throws -> CSVTable {
    try CSVTable(Array(text.utf8), file: "F", pixelCount: pixelCount)
  }

  private func message(_ text: String) -> String? {
    Fixture.failure { _ = try table(text).imageSet(nil) }?.message
  }

  @Test func theHeaderNamesTheLabel() throws {
    let set = try #require(try table("a,b,Class,c,d\n1,2,7,3,4\n5,6,8,7,8\n").imageSet(nil))
    #expect(Array(set.images) == [1, 2, 3, 4, 5, 6, 7, 8])
    #expect(set.labels == [7, 8])
    #expect((set.height, set.width) == (2, 2))
    #expect(try table("a,b,c,d\n1,2,3,4\n").imageSet(nil) == nil)
  }

  @Test func withoutAHeaderTheFirstColumnIsTheLabel() throws {
    let set = try #require(try table("9,0,255,3,4").imageSet(nil))
    #expect(Array(set.images) == [0, 255, 3, 4])
    #expect(set.labels == [9])
    // As many fields as the training images have pixels: no label.
    #expect(try table("0,255,3,4", pixelCount: 4).count == 1)
    #expect(try table("0,255,3,4", pixelCount: 4).imageSet(nil) == nil)
  }

  @Test func labelsMayBeWords() throws {
    let text = "label,p\n\"cat, old\",1\nzebra,2\n\"ant\"\"\",3\nzebra,4\n"
    let set = try #require(try table(text).imageSet(nil))
    #expect(set.classNames == ["ant\"", "cat, old", "zebra"])
    #expect(set.labels == [1, 2, 0, 2])
    #expect(try table("bee,1\nant,2\n").imageSet(nil)?.classNames == ["ant", "bee"])
  }

  @Test func theSizeMayBeGiven() throws {
    let wide = try table("1,0,1,2,3,4,5")
    let set = try #require(try wide.imageSet(ImageSize("3x2")))
    #expect((set.height, set.width) == (2, 3))
    #expect(
      Fixture.failure { _ = try wide.imageSet(nil) }?.message
        == "F: 6 pixels a row are no square; pass `size` WIDTHxHEIGHT")
    let wrong = Fixture.failure { _ = try wide.imageSet(ImageSize("2")) }
    #expect(wrong == Failure(.usage, naming: .size, " 2x2: the rows of F hold 6 pixels, not 4"))
  }

  @Test(arguments: [
    ("1,2,x\n", "F: holds a header alone, no rows"),
    ("label,p\n1,2\n1,-1\n", "line 3: field 2 is '-1'; expected a pixel"),
    ("label,p\n1,256\n", "line 2: field 2 is '256'"), ("1,2\n1,0.5\n", "line 2: field 2 is '0.5'"),
    ("1,2\n\n\n1,\n", "line 4: field 2 is ''"), ("1,2\n,3\n", "row 2 has no label"),
    ("1,2,3\r\n1,2\r\n", "line 2: 2 fields; the first row has 3"),
    ("1,2\n1,2,3\n", "line 2: more than 2 fields; the first row has 2"),
    ("1,2\n\"1,2\n", "line 2: quotes that are not closed"),
    ("1,2\n\"1\"5,2\n", "line 2: quotes that are not closed, or text behind them"),
    ("", "F: holds no rows"), ("\n\r\n", "F: holds no rows"),
    ("5\n6\n", "F: rows of 1 fields; expected a label and pixels"),
    ("70000,2\n", "row 1 has label 70000; expected 0 to 65534"),
    ("1,99999999999999999999999\n", "line 1"),
  ])
  func tellsWhereARowIsWrong(text: String, expected: String) {
    #expect(message(text)?.contains(expected) == true, "\(message(text) ?? "taken")")
  }

  @Test func numbersMayHaveADecimalPoint() throws {
    #expect(
      try table("1.0,2.0,3.,4.00,5\n").imageSet(nil).map { Array($0.images) } == [2, 3, 4, 5])
  }
}
