// Checksums of files that hold others: CRC-32 of ZIP archives, CRC-32C of TensorBoard's records.

struct CRC32: Sendable {
  /// ISO 3309, of ZIP and PNG.
  static let zip = CRC32(reflected: 0xEDB8_8320)
  static let castagnoli = CRC32(reflected: 0x82F6_3B78)

  private let table: [UInt32]

  /// - Parameter polynomial: its bits in reverse.
  private init(reflected polynomial: UInt32) {
    table = (0..<256).map { byte in
      (0..<8).reduce(UInt32(byte)) { sum, _ in sum >> 1 ^ (sum & 1 == 1 ? polynomial : 0) }
    }
  }

  func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { sum, byte in sum >> 8 ^ table[Int(UInt8(sum & 255) ^ byte)] }
  }

  /// Rotated and shifted, as TFRecord files have it, so that the checksum of a file that holds checksums is
  /// none of its own.
  func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
    let sum = checksum(bytes)
    return (sum >> 15 | sum << 17) &+ 0xA282_EAD8
  }
}
