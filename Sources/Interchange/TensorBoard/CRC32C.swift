// The checksum of TensorBoard's records: CRC-32C (Castagnoli), masked as TFRecord files have it.

enum CRC32C {
  /// Reflected polynomial 0x1EDC6F41, byte by byte.
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { sum, _ in sum >> 1 ^ (sum & 1 == 1 ? 0x82F6_3B78 : 0) }
  }

  static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { sum, byte in sum >> 8 ^ table[Int(UInt8(sum & 255) ^ byte)] }
  }

  /// Rotated and shifted, so that the checksum of a file that holds checksums is none of its own.
  static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
    let sum = checksum(bytes)
    return (sum >> 15 | sum << 17) &+ 0xA282_EAD8
  }
}
