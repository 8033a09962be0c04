// The convolutions that are tested: sizes around the register tiles, and every kind of window.
// One less, equal, one more, and odd ones.
import PTrainKernelTypes
import Testing

/// One convolution with its reference in `[channel, y, x]` order.
struct ConvolutionCase: CustomTestStringConvertible, Sendable {
  var geometry: ConvGeometry
  var images: Int

  init(
    _ input: Int, _ output: Int, _ height: Int, _ width: Int, kernel: Int = 3, stride: Int = 1,
    padding: Int = 1, images: Int = 1
  ) {
    geometry = ConvGeometry(
      inputChannels: input, outputChannels: output, inputHeight: height, inputWidth: width,
      kernel: kernel, stride: stride, padding: padding)
    self.images = images
  }

  init(_ geometry: ConvGeometry, images: Int = 1) {
    self.geometry = geometry
    self.images = images
  }

  var testDescription: String {
    let g = geometry
    let (edges, features) = (g.padding, g.featurePixels > 1 ? " f\(g.featurePixels)" : "")
    return "\(g.inputChannels)->\(g.outputChannels) \(g.inputHeight)x\(g.inputWidth)"
      + " k\(g.kernelHeight)x\(g.kernelWidth) s\(g.verticalStride)x\(g.horizontalStride)"
      + " p\(edges.top),\(edges.left),\(edges.bottom),\(edges.right) d\(g.dilation) g\(g.groups)"
      + " n\(images)\(features)\(g.isPlane ? " image" : "")"
  }

  /// What only the direct kernels do: a step and a window of two sizes, other padding on each side,
  /// dilated taps, groups of channels, interleaved channels of an image, and a map as features.
  private static let special: [ConvolutionCase] = {
    func geometry(
      _ input: Int, _ output: Int, _ height: Int, _ width: Int, _ kernel: (Int, Int),
      _ stride: (Int, Int) = (1, 1), _ padding: Edges = Edges(0), planes: Int = 0
    ) -> ConvGeometry {
      ConvGeometry(
        inputChannels: input, outputChannels: output, inputHeight: height, inputWidth: width,
        kernelHeight: kernel.0, kernelWidth: kernel.1, verticalStride: stride.0,
        horizontalStride: stride.1, padding: padding, planeChannels: planes)
    }
    var dilated = geometry(18, 20, 9, 8, (3, 2), (2, 1), Edges(2))
    dilated.dilation = 2
    var dilatedImage = geometry(3, 17, 9, 8, (3, 3), (1, 1), Edges(1), planes: 3)
    dilatedImage.dilation = 3
    var grouped = geometry(40, 24, 6, 5, (3, 3), (1, 1), Edges(1))
    grouped.groups = 4
    var depthwise = geometry(18, 36, 5, 6, (3, 3), (2, 2), Edges(1))
    depthwise.groups = 18
    var features = geometry(20, 33, 1, 7, (1, 1))
    features.featurePixels = 6
    return [
      .init(geometry(16, 32, 9, 7, (2, 2))), .init(geometry(17, 16, 10, 8, (10, 4), (2, 2))),
      .init(
        geometry(
          20, 18, 8, 9, (3, 5), (2, 3), Edges(top: 0, left: 1, bottom: 1, right: 2)), images: 2),
      .init(
        geometry(
          1, 64, 49, 10, (10, 4), (2, 2), Edges(top: 4, left: 1, bottom: 4, right: 1), planes: 1)),
      .init(geometry(3, 16, 8, 8, (3, 3), (1, 1), Edges(1), planes: 3), images: 2),
      .init(
        geometry(
          3, 8, 9, 10, (3, 3), (2, 2), Edges(top: 0, left: 0, bottom: 1, right: 1), planes: 3)),
      .init(geometry(3, 24, 7, 6, (2, 2), planes: 3)),
      .init(geometry(24, 40, 9, 8, (3, 1), (1, 1), Edges(1))),
      .init(geometry(8, 24, 5, 9, (1, 3), (1, 2))),
      .init(dilated), .init(dilatedImage), .init(grouped), .init(depthwise), .init(features),
    ]
  }()

  static let all: [ConvolutionCase] =
    special + [
      .init(1, 16, 5, 5), .init(1, 64, 28, 28), .init(1, 20, 6, 50, images: 2), .init(1, 16, 4, 34),
      .init(1, 7, 9, 13, images: 3),
      .init(1, 20, 11, 15, kernel: 5, padding: 2), .init(1, 33, 8, 8, stride: 2),
      .init(1, 12, 6, 7, kernel: 1, padding: 0), .init(2, 3, 4, 5), .init(3, 16, 13, 14),
      .init(16, 16, 14, 13), .init(16, 16, 28, 28, images: 2), .init(16, 16, 14, 14, images: 3),
      .init(16, 32, 7, 7, images: 5), .init(32, 32, 7, 7, images: 8), .init(17, 31, 7, 15),
      .init(40, 33, 6, 29), .init(64, 32, 14, 14, images: 4), .init(15, 48, 3, 27),
      .init(40, 10, 1, 8, kernel: 1, padding: 0), .init(32, 12, 1, 5, kernel: 1, padding: 0),
      .init(12, 10, 1, 16, kernel: 1, padding: 0), .init(20, 20, 9, 9, kernel: 5, padding: 2),
      .init(6, 16, 14, 14, kernel: 5, padding: 0), .init(4, 20, 11, 9, stride: 2),
      .init(8, 33, 10, 9, kernel: 5, padding: 2, images: 2),
      .init(16, 24, 9, 10, stride: 2), .init(33, 16, 10, 9, kernel: 5, stride: 2, padding: 2),
      .init(16, 16, 8, 8, kernel: 1, stride: 2, padding: 0), .init(18, 17, 6, 6, padding: 0),
      .init(16, 16, 1, 1), .init(16, 32, 2, 2), .init(16, 16, 3, 5),
      .init(24, 40, 12, 10, images: 2),
      .init(32, 48, 17, 6), .init(16, 32, 8, 11, padding: 2), .init(48, 16, 5, 16),
    ] + padded

  /// Half and quarter of a block empty, on both sides and behind whole blocks.
  private static let padded: [ConvolutionCase] = [
    .init(8, 8, 28, 28, images: 3), .init(8, 12, 28, 28, images: 2),
    .init(8, 16, 14, 14, images: 5),
    .init(16, 8, 14, 13, images: 3), .init(12, 12, 14, 14, images: 3),
    .init(9, 15, 7, 7, images: 7),
    .init(24, 24, 6, 29, images: 2), .init(24, 8, 7, 5, images: 5), .init(8, 40, 10, 9, images: 3),
    .init(24, 24, 5, 6, kernel: 1, padding: 0), .init(8, 12, 5, 6, kernel: 1, padding: 0),
    .init(8, 12, 9, 10, stride: 2), .init(24, 24, 9, 10, stride: 2),
  ]
}
