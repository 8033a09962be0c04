// What stands for PNG and JPEG in a build without the trait Images, which needs neither libspng nor libjpeg.

#if !Images
  import PTrainDiagnostics

  enum PNGFile: AbsentFormat { static let format = ImageFormat.png }
  enum JPEGFile: AbsentFormat { static let format = ImageFormat.jpeg }

  protocol AbsentFormat {
    static var format: ImageFormat { get }
  }

  extension AbsentFormat {
    static func decode(_ file: ImageFile) throws(Failure) -> DecodedImage { throw refusal(file) }
    static func headerSize(_ file: ImageFile) throws(Failure) -> HeaderSize { throw refusal(file) }

    private static func refusal(_ file: ImageFile) -> Failure {
      file.refusal(
        "is \(format.rawValue), which this build does not decode; build with the trait Images")
    }
  }

  extension DecodedImage {
    /// Throws `.fault`: there is no encoder.
    package func pngBytes() throws(Failure) -> [UInt8] {
      throw Failure(.fault, "this build writes no PNG; build with the trait Images")
    }
  }
#endif
