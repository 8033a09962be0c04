// PNG through libspng: every colour type and depth, interlaced or not.

#if Images
  import CPTrainSpng
  import PTrainDiagnostics

  enum PNGFile {
    /// Most bytes of a chunk and of all that is kept beside the pixels.
    private static let chunkLimit = 1 << 26
    /// Deflate cannot expand more than this (zlib's technical notes).
    private static let largestRatio = 1032

    static func decode(_ file: ImageFile) throws(Failure) -> DecodedImage {
      try withHeader(file) { context, header throws(Failure) in
        try checkSize(header, file)
        return try decode(file, context, header)
      }
    }

    static func headerSize(_ file: ImageFile) throws(Failure) -> HeaderSize {
      try withHeader(file) { context, header in
        HeaderSize(Int(header.width), Int(header.height), orientation(context))
      }
    }

    /// Calls `body` with a decoder that has read the header; no chunk of the file can make it take much
    /// memory.
    private static func withHeader<Value>(
      _ file: ImageFile, _ body: (OpaquePointer, spng_ihdr) throws(Failure) -> Value
    ) throws(Failure) -> Value {
      let result = file.bytes.withUnsafeBytes { bytes in
        Result { () throws(Failure) in
          guard let context = spng_ctx_new(0) else {
            throw Failure(.fault, "\(file.source()): no memory for a PNG decoder")
          }
          defer { spng_ctx_free(context) }
          try check(spng_set_png_buffer(context, bytes.baseAddress, bytes.count), file)
          // Pixels stand in critical chunks; a text that is damaged harms nobody.
          let (critical, other) = (Int32(SPNG_CRC_ERROR.rawValue), Int32(SPNG_CRC_DISCARD.rawValue))
          try check(spng_set_crc_action(context, critical, other), file)
          try check(spng_set_chunk_limits(context, chunkLimit, chunkLimit), file)
          var header = spng_ihdr()
          try check(spng_get_ihdr(context, &header), file)
          return try body(context, header)
        }
      }
      return try result.get()
    }

    private static func check(_ status: Int32, _ file: ImageFile) throws(Failure) {
      guard status != 0 else { return }
      if status == SPNG_EOF.rawValue || status == SPNG_EIDAT_TOO_SHORT.rawValue {
        throw file.truncated(.png)
      }
      let reason = String(cString: spng_strerror(status))
      throw file.refusal("the PNG data cannot be decoded (\(reason)); copy or fetch it again")
    }

    private static func decode(
      _ file: ImageFile, _ context: OpaquePointer, _ header: spng_ihdr
    ) throws(Failure) -> DecodedImage {
      let reading = PixelReading(header, context, background: file.options.background)
      var byteCount = 0
      try check(spng_decoded_image_size(context, reading.format, &byteCount), file)
      var status: Int32 = 0
      let pixels = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, filled in
        status = spng_decode_image(
          context, buffer.baseAddress, byteCount, reading.format, Int32(SPNG_DECODE_TRNS.rawValue))
        filled = status == 0 ? byteCount : 0
      }
      try check(status, file)
      // Reads what stands behind the pixels: Exif may.
      try check(spng_decode_chunks(context), file)
      return reading.image(pixels).turned(orientation(context))
    }

    private static func checkSize(_ header: spng_ihdr, _ file: ImageFile) throws(Failure) {
      let (width, height) = (Int(header.width), Int(header.height))
      try file.checkSize(width: width, height: height)
      let samples = [2: 3, 4: 2, 6: 4][Int(header.color_type)] ?? 1
      let byteCount = height * (1 + (width * samples * Int(header.bit_depth) + 7) / 8)
      guard byteCount / largestRatio <= file.bytes.count else {
        throw file.refusal(
          "declares \(width) x \(height) pixels, more than its \(file.bytes.count) bytes can hold")
      }
    }

    private static func orientation(_ context: OpaquePointer) -> Orientation {
      var exif = spng_exif()
      guard spng_get_exif(context, &exif) == 0, let data = exif.data else { return .upright }
      let bytes = UnsafeRawBufferPointer(start: data, count: exif.length)
      return Orientation(exif: bytes.bindMemory(to: UInt8.self))
    }
  }

  /// What libspng is asked for, and how its pixels become an image's.
  private struct PixelReading {
    private let height: Int
    private let width: Int
    private let isGrey: Bool
    /// Nil where a pixel has no alpha.
    private let background: RGBColor?
    private let is16Bit: Bool

    /// One of `spng_format`.
    let format: Int32

    init(_ header: spng_ihdr, _ context: OpaquePointer, background: RGBColor) {
      height = Int(header.height)
      width = Int(header.width)
      is16Bit = header.bit_depth == 16
      var transparency = spng_trns()
      let hasKey = spng_get_trns(context, &transparency) == 0
      let type = UInt32(header.color_type)
      let hasAlpha =
        hasKey || type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA.rawValue
        || type == SPNG_COLOR_TYPE_TRUECOLOR_ALPHA.rawValue
      self.background = hasAlpha ? background : nil
      switch type {
      case SPNG_COLOR_TYPE_INDEXED.rawValue:
        let seen = Self.colors(context, hasKey ? transparency : spng_trns(), background)
        isGrey = ColorTable(colors: seen).isGrey
      case SPNG_COLOR_TYPE_GRAYSCALE.rawValue, SPNG_COLOR_TYPE_GRAYSCALE_ALPHA.rawValue:
        isGrey = !hasAlpha || background.isGrey
      default: isGrey = false
      }
      if is16Bit {
        format = Int32(SPNG_FMT_RGBA16.rawValue)
      } else if hasAlpha {
        format = Int32(SPNG_FMT_RGBA8.rawValue)
      } else if type == SPNG_COLOR_TYPE_GRAYSCALE.rawValue {
        format = Int32(SPNG_FMT_G8.rawValue)
      } else {
        format = Int32(SPNG_FMT_RGB8.rawValue)
      }
    }

    /// The palette's colours before the background.
    private static func colors(
      _ context: OpaquePointer, _ transparency: spng_trns, _ background: RGBColor
    ) -> [RGBColor] {
      var palette = spng_plte()
      guard spng_get_plte(context, &palette) == 0 else { return [] }
      let alphas = withUnsafeBytes(of: transparency.type3_alpha) {
        Array($0.prefix(Int(transparency.n_type3_entries)))
      }
      return withUnsafeBytes(of: palette.entries) { bytes in
        let entries = bytes.bindMemory(to: spng_plte_entry.self)
        return (0..<min(Int(palette.n_entries), entries.count)).map { index in
          RGBColor(entries[index].red, entries[index].green, entries[index].blue)
            .composited(alpha: index < alphas.count ? alphas[index] : 255, on: background)
        }
      }
    }

    /// The image of decoded pixels in `format`.
    func image(_ pixels: [UInt8]) -> DecodedImage {
      let channels = isGrey ? 1 : 3
      if format == SPNG_FMT_G8.rawValue || format == SPNG_FMT_RGB8.rawValue && !isGrey {
        return DecodedImage(height: height, width: width, channels: channels, bytes: pixels)
      }
      let sampleCount = format == SPNG_FMT_RGB8.rawValue ? 3 : 4
      let pixelCount = height * width
      let bytes = [UInt8](unsafeUninitializedCapacity: pixelCount * channels) { buffer, filled in
        pixels.withUnsafeBytes { pixels in
          for pixel in 0..<pixelCount {
            let color = color(pixels, pixel * sampleCount)
            buffer[pixel * channels] = color.red
            guard !isGrey else { continue }
            buffer[pixel * channels + 1] = color.green
            buffer[pixel * channels + 2] = color.blue
          }
        }
        filled = pixelCount * channels
      }
      return DecodedImage(height: height, width: width, channels: channels, bytes: bytes)
    }

    /// What is seen of the pixel whose first sample has the number `first`.
    @inline(__always)
    private func color(_ pixels: UnsafeRawBufferPointer, _ first: Int) -> RGBColor {
      @inline(__always) func sample(_ index: Int) -> UInt8 {
        guard is16Bit else { return pixels[first + index] }
        let wide = pixels.loadUnaligned(fromByteOffset: 2 * (first + index), as: UInt16.self)
        return scaledTo8Bits(Int(wide), largest: 65_535)
      }
      let color = RGBColor(sample(0), sample(1), sample(2))
      guard let background else { return color }
      return color.composited(alpha: sample(3), on: background)
    }
  }
#endif
