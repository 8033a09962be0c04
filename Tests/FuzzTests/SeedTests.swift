// The fuzzer's seeds and the inputs by which it reached the corners of each parser: taken or refused,
// as long ago, and never a trap. FuzzTarget.swift is the fuzzer's own.

import Foundation
import Testing

@Suite struct SeedTests {
  /// Images of forms that this build does not read are refused, whatever they hold.
  private static func isRead(_ name: String) -> Bool {
    #if Images
      true
    #else
      !name.hasSuffix(".png") && !name.hasSuffix(".jpg")
    #endif
  }

  /// Those that are refused bear names with `bad`.
  @Test(arguments: FuzzTarget.allCases) func takesOrRefusesEverySeed(target: FuzzTarget) throws {
    let seeds = try #require(Bundle.module.resourceURL).appendingPathComponent("Seeds")
    let folder = seeds.appendingPathComponent(target.rawValue)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(!names.isEmpty)
    for name in names where Self.isRead(name) {
      let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
      #expect(target.run(bytes) == !name.hasPrefix("bad"), "\(name)")
    }
  }
}
