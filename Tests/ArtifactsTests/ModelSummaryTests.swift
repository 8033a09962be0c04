// The summary against torchsummary 1.5.1 with PyTorch, printed by these modules in forward order.

import PTrainArtifacts
import PTrainNetworks
import Testing

@Suite struct ModelSummaryTests {
  @Test func eva8IsTheTableOfTorchsummary() throws {
    let network = try Network(
      description: .preset(named: "eva8"), input: Shape(channels: 1, height: 28, width: 28),
      classCount: 10)
    #expect(
      ModelSummary(network).text == """
        ----------------------------------------------------------------
                Layer (type)               Output Shape         Param #
        ================================================================
                    Conv2d-1           [-1, 64, 28, 28]             640
                      ReLU-2           [-1, 64, 28, 28]               0
               BatchNorm2d-3           [-1, 64, 28, 28]             128
                 MaxPool2d-4           [-1, 64, 14, 14]               0
                    Conv2d-5           [-1, 32, 14, 14]          18,464
                      ReLU-6           [-1, 32, 14, 14]               0
               BatchNorm2d-7           [-1, 32, 14, 14]              64
                   Dropout-8                   [-1, 32]               0
                    Linear-9                   [-1, 12]             396
                   Linear-10                   [-1, 10]             130
        ================================================================
        Total params: 19,822
        Trainable params: 19,822
        Non-trainable params: 0
        ----------------------------------------------------------------
        Input size (MB): 0.00
        Forward/backward pass size (MB): 1.39
        Params size (MB): 0.08
        Estimated Total Size (MB): 1.47
        ----------------------------------------------------------------

        """)
  }

  /// Conv2d(3, 8, 5, bias=False), BatchNorm2d, Sigmoid, MaxPool2d(2), Dropout, mean,
  /// Linear(8, 1000), BatchNorm1d, ReLU, Linear(1000, 7, bias=False) on 3 x 32 x 32.
  @Test func otherLayersAreThoseOfTorchsummary() throws {
    let description = ModelDescription(
      name: "other",
      layers: [
        .conv(filters: 8, kernel: 5, stride: 1, padding: 0, bias: false), .batchNorm, .sigmoid,
        .maxPool(size: 2), .dropout(rate: 0.1), .globalAveragePool,
        .dense(features: 1000, bias: true), .batchNorm,
        .relu, .dense(features: nil, bias: false),
      ])
    let network = try Network(
      description: description, input: Shape(channels: 3, height: 32, width: 32), classCount: 7)
    #expect(
      ModelSummary(network).text == """
        ----------------------------------------------------------------
                Layer (type)               Output Shape         Param #
        ================================================================
                    Conv2d-1            [-1, 8, 28, 28]             600
               BatchNorm2d-2            [-1, 8, 28, 28]              16
                   Sigmoid-3            [-1, 8, 28, 28]               0
                 MaxPool2d-4            [-1, 8, 14, 14]               0
                   Dropout-5            [-1, 8, 14, 14]               0
                    Linear-6                 [-1, 1000]           9,000
               BatchNorm1d-7                 [-1, 1000]           2,000
                      ReLU-8                 [-1, 1000]               0
                    Linear-9                    [-1, 7]           7,000
        ================================================================
        Total params: 18,616
        Trainable params: 18,616
        Non-trainable params: 0
        ----------------------------------------------------------------
        Input size (MB): 0.01
        Forward/backward pass size (MB): 0.19
        Params size (MB): 0.07
        Estimated Total Size (MB): 0.27
        ----------------------------------------------------------------

        """)
  }

  /// Sums, joins, products and global pools are function calls, whose outputs no row shows.
  @Test func layersOfGraphsHaveTheirNames() throws {
    let description = ModelDescription(
      name: "graph",
      layers: [
        .depthwise(Depthwise(3, padding: 1)), .relu6, .residual([.silu]), .gelu, .hardSwish,
        .concat([[.tanh], []]), .leakyRelu(0.1), .averagePool(2), .maxPool(2),
        .scale([.globalAveragePool, .conv(Convolution(6, kernel: 1)), .sigmoid]), .flatten,
        .dense(.classes),
      ])
    let network = try Network(
      description: description, input: Shape(channels: 3, height: 8, width: 8), classCount: 7)
    let rows = ModelSummary(network).text.split(separator: "\n").dropFirst(3).prefix(13)
    #expect(
      rows.map { $0.split(separator: " ").joined(separator: " ") } == [
        "Conv2d-1 [-1, 3, 8, 8] 30", "ReLU6-2 [-1, 3, 8, 8] 0", "SiLU-3 [-1, 3, 8, 8] 0",
        "GELU-4 [-1, 3, 8, 8] 0", "Hardswish-5 [-1, 3, 8, 8] 0", "Tanh-6 [-1, 3, 8, 8] 0",
        "LeakyReLU-7 [-1, 6, 8, 8] 0", "AvgPool2d-8 [-1, 6, 4, 4] 0",
        "MaxPool2d-9 [-1, 6, 2, 2] 0", "Conv2d-10 [-1, 6, 1, 1] 42", "Sigmoid-11 [-1, 6, 1, 1] 0",
        "Flatten-12 [-1, 24] 0", "Linear-13 [-1, 7] 175",
      ])
  }
}
