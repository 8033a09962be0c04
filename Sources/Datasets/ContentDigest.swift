// SHA-256 of downloaded content, through libmd.
// Mirrors compress differently, so the decompressed bytes are what a digest can vouch for.

import CMessageDigest

enum ContentDigest {
  /// 64 lower-case hexadecimal digits.
  static func sha256(_ bytes: [UInt8]) -> String {
    var context = SHA2_CTX()
    SHA256Init(&context)
    SHA256Update(&context, bytes, bytes.count)
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    SHA256Final(&digest, &context)
    return digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}
