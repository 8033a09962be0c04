// Names of files that are no text: found, ordered and shown.

import PTrainDiagnostics
import Testing

@Suite struct BytePathTests {
  @Test func showsWhatIsNoText() {
    #expect(BytePath("a b/é.png").text == "a b/é.png")
    #expect(BytePath("a\nb\u{1b}").text == "a\\x0ab\\x1b")
    #expect(BytePath(bytes: [0x61, 0xff, 0x62]).text == "a\\xffb")
    #expect(BytePath(bytes: [0xc3]).text == "\\xc3")
    #expect(BytePath(bytes: [0xe6, 0x9d, 0x61]).text == "\\xe6\\x9da")
    #expect(BytePath("\u{85}").text == "\\xc2\\x85")
    #expect(BytePath(bytes: []).text == "")
  }

  @Test func orderIsThatOfTheBytes() {
    let names = ["", "A", "a", "a b", "a.b", "a/b", "a0", "b", "é"]
    let sorted = names.shuffled().map(BytePath.init).sorted()
    #expect(sorted.map(\.text) == names)
  }

  @Test func appendsToADirectory() {
    #expect(BytePath("a").appending([0xff]).bytes == [0x61, 0x2f, 0xff])
    #expect(BytePath("").appending([0x62]).bytes == [0x62])
  }
}
