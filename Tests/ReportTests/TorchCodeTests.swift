// The PyTorch function of a network, line by line; Scripts/check-report runs one.

import PTrainNetworks
import Testing

@testable import PTrainReport

@Suite struct TorchCodeTests {
  private func lines(_ layers: String) throws -> [String] {
    try TorchCode(model(layers)).lines.dropFirst(2).map { String($0.dropFirst(4)) }
  }

  @Test func aChainIsOneVariable() throws {
    #expect(
      try lines(plainLayers) == [
        #"x = F.conv2d(x, p["conv1.weight"], p["conv1.bias"], padding=(1, 1))"#, "x = F.relu(x)",
        #"x = F.batch_norm(x, p["bn1.running_mean"], p["bn1.running_var"], p["bn1.weight"], p["bn1.bias"], eps=1e-05)"#,
        "x = x.mean((2, 3), keepdim=True)",
        #"x = F.linear(x.flatten(1), p["fc1.weight"], p["fc1.bias"])"#, "return x",
      ])
  }

  @Test func everyChannelHasItsNormalization() throws {
    let colour = try model(plainLayers, input: Shape(channels: 3, height: 4, width: 4))
    #expect(
      TorchCode(colour).lines.prefix(2) == [
        "def logits(image):  # float [N, 3, 4, 4] from 0 to 255",
        "    x = (image / 255 - torch.tensor([0.25, 0.5, 0.75]).view(-1, 1, 1))"
          + " / torch.tensor([0.5, 0.5, 0.5]).view(-1, 1, 1)",
      ])
  }

  @Test func whatTwoReadHasAName() throws {
    let code = try lines(
      """
      [{conv: {filters: 4, kernel: 1, bias: false}}, {dropout: 0.5}, \
      {residual: [{depthwise: {kernel: 3, padding: 1, bias: false}}, tanh]}, \
      {scale: [globalMaxPool, {dense: 4}, sigmoid]}, \
      {concat: [[relu6], [{leakyRelu: 0.25}]]}, flatten, {dense: classes}]
      """)
    #expect(
      code == [
        #"v0 = F.conv2d(x, p["conv1.weight"])"#,
        #"x = F.conv2d(v0, p["conv2.weight"], padding=(1, 1), groups=4)"#, "x = torch.tanh(x)",
        "v4 = x + v0", "x = v4.amax((2, 3), keepdim=True)",
        #"x = F.linear(x.flatten(1), p["fc1.weight"], p["fc1.bias"])"#, "x = torch.sigmoid(x)",
        "v8 = v4 * x[:, :, None, None]", "v9 = F.relu6(v8)", "x = F.leaky_relu(v8, 0.25)",
        "x = torch.cat([v9, x], dim=1)", "x = x.flatten(1)",
        #"x = F.linear(x, p["fc2.weight"], p["fc2.bias"])"#, "return x",
      ])
  }

  @Test func unevenPaddingIsALineOfItsOwn() throws {
    let code = try lines(
      """
      [{conv: {filters: 2, kernel: 3, stride: 2, padding: same}}, \
      {maxPool: {size: 2, stride: 1, padding: same}}, \
      {averagePool: {size: 2, stride: 1, padding: same}}, flatten, {dense: classes}]
      """)
    #expect(
      code.prefix(3) == [
        #"x = F.conv2d(F.pad(x, (0, 1, 0, 1)), p["conv1.weight"], p["conv1.bias"], stride=(2, 2))"#,
        #"x = F.max_pool2d(F.pad(x, (0, 1, 0, 1), value=float("-inf")), (2, 2), (1, 1))"#,
        "x = F.avg_pool2d(F.pad(x, (0, 1, 0, 1)), (2, 2), (1, 1)) / F.avg_pool2d(F.pad(torch.ones_like(x), (0, 1, 0, 1)), (2, 2), (1, 1))",
      ])
  }
}
