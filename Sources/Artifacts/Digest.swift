// SHA-256 through libmd: how a model, a checkpoint or a run is compared with another.
// One digest stands for every bit of a model, so equal digests mean equal training.

import CMessageDigest
import Networks

/// SHA-256 of `bytes` as 64 lower-case hexadecimal digits.
package func sha256(_ bytes: UnsafeRawBufferPointer) -> String {
  var context = SHA2_CTX()
  SHA256Init(&context)
  SHA256Update(&context, bytes.baseAddress, bytes.count)
  var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
  SHA256Final(&digest, &context)
  let digits = Array("0123456789abcdef".utf8)
  return String(
    decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}

extension ModelState {
  /// SHA-256 over every parameter and running statistic, little-endian float32 in state_dict order.
  package var digest: String {
    values.withUnsafeBytes { sha256($0) }
  }
}
