// The digests of all kernels against the committed table, which Scripts/check-neon holds against arm64.

import Foundation
import PTrainKernelTypes
import Testing

@Suite struct DigestTests {
  /// `PTRAIN_WRITE_DIGESTS=1 Scripts/test --filter DigestTests` writes the table anew.
  @Test func kernelsMakeTheCommittedBits() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Digests/kernel-digests.txt")
    for kernels in variants where kernels.instructionSet != .baseline {
      let table = table(kernels)
      if ProcessInfo.processInfo.environment["PTRAIN_WRITE_DIGESTS"] != nil {
        try table.write(to: file, atomically: true, encoding: .utf8)
      }
      let committed = try String(contentsOf: file, encoding: .utf8)
      for (row, expected) in zip(
        table.split(separator: "\n"), committed.split(separator: "\n"))
      {
        #expect(row == expected, "\(kernels.instructionSet.rawValue)")
      }
      #expect(table.count == committed.count)
    }
  }

  private func table(_ kernels: some KernelSet) -> String {
    KernelDigests(kernels).rows.map { row in
      let digits = String(row.digest, radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits + " \(row.name)\n"
    }.joined()
  }
}
