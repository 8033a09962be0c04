// Images written as PNG, for pictures that a run leaves.

#if Images
  import CPTrainSpng
  import PTrainDiagnostics
  import Glibc

  extension DecodedImage {
    /// The image as a PNG file; throws `.fault` without memory.
    package func pngBytes() throws(Failure) -> [UInt8] {
      guard let context = spng_ctx_new(Int32(SPNG_CTX_ENCODER.rawValue)) else {
        throw Failure(.fault, "no memory for a picture of \(width) x \(height) pixels")
      }
      defer { spng_ctx_free(context) }
      var header = spng_ihdr()
      (header.width, header.height, header.bit_depth) = (UInt32(width), UInt32(height), 8)
      header.color_type = UInt8(
        (channels == 1 ? SPNG_COLOR_TYPE_GRAYSCALE : SPNG_COLOR_TYPE_TRUECOLOR).rawValue)
      spng_set_option(context, SPNG_ENCODE_TO_BUFFER, 1)
      spng_set_ihdr(context, &header)
      var code = spng_encode_image(
        context, bytes, bytes.count, Int32(SPNG_FMT_PNG.rawValue),
        Int32(SPNG_ENCODE_FINALIZE.rawValue))
      var count = 0
      let file = code == 0 ? spng_get_png_buffer(context, &count, &code) : nil
      guard let file else {
        throw Failure(.fault, "a picture cannot be made: \(String(cString: spng_strerror(code)))")
      }
      defer { free(file) }
      return Array(UnsafeRawBufferPointer(start: file, count: count))
    }
  }
#endif
