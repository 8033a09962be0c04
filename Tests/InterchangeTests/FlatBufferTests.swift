// FlatBuffers read back as they were written, every number at a multiple of its size.

import Testing

@testable import PTrainInterchange

@Suite struct FlatBufferTests {
  /// Fields of every kind, of sizes that do not fit together, in an order that is not theirs.
  private func table(_ index: Int) -> FlatTable {
    FlatTable(fields: [
      0: .number(Int8(-index)), 1: .string(String(repeating: "ä", count: index)),
      2: .number(UInt32(index) * 400_000_007), 4: .bool(index.isMultiple(of: 2)),
      5: .number(Int16(-300 - index)), 6: .float(0.1 * Float(index)),
      7: .numbers((0..<index).map { Int64($0) << 40 }),
      9: .vector((0..<UInt8(index)).map { $0 }, count: index, alignment: 16),
      11: .integers([-index, index]),
    ])
  }

  @Test func readsBackWhatWasWritten() throws {
    let inner = (0..<9).map { table($0) }
    let root = FlatTable(fields: [3: .tables(inner), 1: .table(table(5)), 6: .number(Int32(77))])
    let reader = FlatReader(bytes: FlatBufferWriter.file(root, identifier: "TEST"))
    #expect(reader.identifier == "TEST")
    let found = try reader.root()
    #expect(try found.number(6, or: Int32(0)) == 77)
    #expect(try found.field(0) == nil && found.field(7) == nil)
    #expect(try found.tables(3).count == 9)
    for (index, table) in try found.tables(3).enumerated() { try check(table, index) }
    try check(#require(try found.table(1)), 5)
  }

  private func check(_ table: FlatReader.Table, _ index: Int) throws {
    #expect(try table.number(0, or: Int8(0)) == Int8(-index))
    #expect(try table.string(1) == String(repeating: "ä", count: index))
    #expect(try table.number(2, or: UInt32(0)) == UInt32(index) * 400_000_007)
    #expect(try table.field(3) == nil)
    #expect(try table.number(4, or: UInt8(9)) == (index.isMultiple(of: 2) ? 1 : 0))
    #expect(try table.number(5, or: Int16(0)) == Int16(-300 - index))
    #expect(try table.float(6) == 0.1 * Float(index))
    #expect(try table.numbers(7) == (0..<index).map { Int64($0) << 40 })
    let (start, count) = try #require(try table.vector(9))
    #expect(start.isMultiple(of: 16) && count == index)
    #expect(try table.numbers(9) == (0..<UInt8(index)).map { $0 })
    #expect(try table.numbers(11) == [Int32(-index), Int32(index)])
  }

  /// Two tables of one form cost one vtable.
  @Test func tablesOfOneFormShareTheirVtable() {
    func byteCount(_ count: Int) -> Int {
      let tables = [FlatTable](repeating: FlatTable(fields: [2: .number(Int32(1))]), count: count)
      return FlatBufferWriter.file(
        FlatTable(fields: [0: .tables(tables)]), identifier: "TEST"
      ).count
    }
    // An offset to the table, in it an offset to the vtable and the number.
    #expect(byteCount(9) == byteCount(8) + 12)
  }

  @Test func theReaderObjects() throws {
    let bytes = FlatBufferWriter.file(table(7), identifier: "TEST")
    #expect(throws: FlatReader.Fault.self) {
      try FlatReader(bytes: Array(bytes.dropLast(8))).root().numbers(11, as: Int32.self)
    }
    #expect(throws: FlatReader.Fault.self) {
      try FlatReader(bytes: bytes).number(2, as: UInt32.self)
    }
  }
}
