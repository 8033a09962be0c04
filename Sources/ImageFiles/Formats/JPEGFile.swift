// JPEG through libjpeg: grey, colour and the CMYK of printing.

#if Images
  import CPTrainJPEG
  import PTrainDiagnostics

  enum JPEGFile {
    static func decode(_ file: ImageFile) throws(Failure) -> DecodedImage {
      let result = file.bytes.withUnsafeBufferPointer { bytes in
        Result { () throws(Failure) in try decode(file, bytes) }
      }
      return try result.get()
    }

    private static func decode(
      _ file: ImageFile, _ bytes: UnsafeBufferPointer<UInt8>
    ) throws(Failure) -> DecodedImage {
      guard let decoder = ptrain_jpeg_open(bytes.baseAddress, bytes.count) else {
        throw Failure(.fault, "\(file.source()): no memory for a JPEG decoder")
      }
      defer { ptrain_jpeg_close(decoder) }
      var header = ptrain_jpeg_header()
      guard ptrain_jpeg_read_header(decoder, &header) else { throw refusal(file, decoder) }
      let (width, height) = (Int(header.width), Int(header.height))
      let channels = Int(header.channels)
      try file.checkSize(width: width, height: height)
      let orientation = Orientation(
        exif: UnsafeBufferPointer(start: header.exif, count: header.exif_byte_count))
      var isDecoded = false
      let count = height * width * channels
      let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
        isDecoded = ptrain_jpeg_read_pixels(decoder, buffer.baseAddress)
        filled = isDecoded ? count : 0
      }
      guard isDecoded else { throw refusal(file, decoder) }
      guard channels == 4 else {
        return DecodedImage(height: height, width: width, channels: channels, bytes: pixels)
          .turned(orientation)
      }
      let inks = header.is_inverted ? pixels.map { 255 - $0 } : pixels
      return DecodedImage(height: height, width: width, inks: inks).turned(orientation)
    }

    static func headerSize(_ file: ImageFile) throws(Failure) -> HeaderSize {
      let result = file.bytes.withUnsafeBufferPointer { bytes in
        Result { () throws(Failure) in
          guard let decoder = ptrain_jpeg_open(bytes.baseAddress, bytes.count) else {
            throw file.refusal("no memory for a JPEG decoder")
          }
          defer { ptrain_jpeg_close(decoder) }
          var header = ptrain_jpeg_header()
          guard ptrain_jpeg_read_header(decoder, &header) else { throw file.truncated(.jpeg) }
          let exif = UnsafeBufferPointer(start: header.exif, count: header.exif_byte_count)
          return HeaderSize(Int(header.width), Int(header.height), Orientation(exif: exif))
        }
      }
      return try result.get()
    }

    private static func refusal(_ file: ImageFile, _ decoder: OpaquePointer) -> Failure {
      let reason = String(cString: ptrain_jpeg_message(decoder))
      return file.refusal("the JPEG data cannot be decoded (\(reason)); copy or fetch it again")
    }
  }
#endif
