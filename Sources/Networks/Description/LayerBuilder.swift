// Layers written one below the other, for descriptions made in code.

/// Lists layers, with `if` and `for` among them.
@resultBuilder
public enum LayerBuilder {
  public static func buildExpression(_ layer: Layer) -> [Layer] { [layer] }
  public static func buildExpression(_ layers: [Layer]) -> [Layer] { layers }
  public static func buildBlock(_ layers: [Layer]...) -> [Layer] { layers.flatMap { $0 } }
  public static func buildOptional(_ layers: [Layer]?) -> [Layer] { layers ?? [] }
  public static func buildEither(first layers: [Layer]) -> [Layer] { layers }
  public static func buildEither(second layers: [Layer]) -> [Layer] { layers }
  public static func buildArray(_ layers: [[Layer]]) -> [Layer] { layers.flatMap { $0 } }
}

extension ModelDescription {
  /// A description with its layers in order.
  public init(
    _ name: String, recipe: Recipe = Recipe(), @LayerBuilder layers: () -> [Layer]
  ) {
    self.init(name: name, layers: layers(), recipe: recipe)
  }
}

extension Layer {
  /// A convolution; a literal kernel, stride or padding stands for both sides.
  public static func conv(
    _ filters: Int, kernel: Extents = 3, stride: Extents = 1, padding: LayerPadding = 0,
    groups: Int = 1, dilation: Int = 1, bias: Bool = true
  ) -> Layer {
    .conv(
      Convolution(
        filters, kernel: kernel, stride: stride, padding: padding, groups: groups,
        dilation: dilation, bias: bias))
  }

  /// A window for each channel alone.
  public static func depthwise(
    _ kernel: Extents = 3, stride: Extents = 1, padding: LayerPadding = 0, bias: Bool = true
  ) -> Layer { .depthwise(Depthwise(kernel, stride: stride, padding: padding, bias: bias)) }

  /// One output a class.
  public static let classes = Layer.dense(.classes)

  /// What the layers make of a value, added to it.
  public static func residual(@LayerBuilder _ body: () -> [Layer]) -> Layer { .residual(body()) }

  /// Layers several times, each time with parameters of their own.
  public static func `repeat`(_ times: Int, @LayerBuilder _ layers: () -> [Layer]) -> Layer {
    .repeat(times, layers())
  }
}
