// What may happen to a training image before the network sees it: a list of steps, one after the other.
// Each step draws from a random stream of its own, so that a step more leaves the others' draws alone.

import PTrainDiagnostics

/// One step; a recipe has each kind at most once.
public enum Augmentation: Equatable, Sendable {
  /// A random affine map, bilinear, black outside.
  case affine(AffineAugmentation)
  /// Mirrored left to right.
  case flip(FlipAugmentation)
  /// Shifted by up to so many pixels in each direction, black outside.
  case crop(Int)
  /// A black square of so many pixels a side, its centre anywhere in the image.
  case cutout(Int)
  /// Brightness, contrast and saturation, in this order.
  case color(ColorAugmentation)
  /// Mixed with another image of the training set, which the steps before this one have changed by its own
  /// draws; the share is drawn from Beta(x, x).
  case mixup(Double)
  /// With a box of another image of the training set in it, which the steps before this one have changed by
  /// its own draws; the part of the area that the box leaves is drawn from Beta(x, x).
  case cutmix(Double)
}

/// Ranges of a random affine map of an image, each drawn evenly from `-x ... x`.
public struct AffineAugmentation: Equatable, Sendable {
  public var rotationDegrees = 12.0
  /// Relative change of size: 0.1 draws from 0.9 to 1.1.
  public var scale = 0.1
  /// Horizontal shift per row, in pixels per pixel.
  public var shear = 0.2
  public var shiftPixels = 2.0

  public init() {}
}

/// When an image is mirrored.
public struct FlipAugmentation: Equatable, Sendable {
  /// Every other epoch, half of the images in the even ones (Jordan 2024), instead of each time by chance:
  /// no image is seen twice in a row as it was.
  public var isAlternating = false

  public init() {}
}

/// Ranges of the factors, each drawn evenly from `1 - x ... 1 + x`.
public struct ColorAugmentation: Equatable, Sendable {
  /// Times every value.
  public var brightness = 0.2
  /// Distance to the image's mean luma.
  public var contrast = 0.2
  /// Distance to a pixel's luma; a grey image has none.
  public var saturation = 0.2

  public init() {}
}

extension Augmentation {
  /// As descriptions and the command line name it.
  public var word: String {
    switch self {
    case .affine: "affine"
    case .flip: "flip"
    case .crop: "crop"
    case .cutout: "cutout"
    case .color: "color"
    case .mixup: "mixup"
    case .cutmix: "cutmix"
    }
  }

  /// Whether another image and its label have a share in the result: a recipe has one such step.
  package var isMixing: Bool {
    switch self {
    case .mixup, .cutmix: true
    default: false
    }
  }

  /// Kinds that need no value, with their defaults.
  static let plain: [Augmentation] = [
    .affine(AffineAugmentation()), .flip(FlipAugmentation()), .color(ColorAugmentation()),
  ]

  /// Refuses values out of range, by name.
  func validate() throws(Failure) {
    switch self {
    case .affine(let ranges):
      try checkRange("rotation", ranges.rotationDegrees, RecipeLimits.rotationDegrees)
      try checkRange("scale", ranges.scale, RecipeLimits.scale)
      try checkRange("shear", ranges.shear, RecipeLimits.shear)
      try checkRange("shift", ranges.shiftPixels, RecipeLimits.shiftPixels)
    case .flip: break
    case .crop(let pixels): try checkRange("crop", pixels, RecipeLimits.crop)
    case .cutout(let side): try checkRange("cutout", side, RecipeLimits.cutout)
    case .color(let ranges):
      try checkRange("brightness", ranges.brightness, RecipeLimits.color)
      try checkRange("contrast", ranges.contrast, RecipeLimits.color)
      try checkRange("saturation", ranges.saturation, RecipeLimits.color)
    case .mixup(let alpha): try checkRange("mixup", alpha, RecipeLimits.mixup)
    case .cutmix(let alpha): try checkRange("cutmix", alpha, RecipeLimits.cutmix)
    }
  }
}

extension [Augmentation] {
  /// On one line, as a description has it: `none`, `{rotation: 12.0, …}`, `[flip, {crop: 4}]`.
  public var text: String { form.flowText }

  /// A list on one line: `none`, or steps with commas between them: `affine`, `flip`,
  /// `flip=alternating`, `crop=4`, `cutout=8`, `color`, `mixup=0.2`, `cutmix=1`.
  ///
  /// A step without a value is as `recipe` has it, if it is there. Throws `usage`.
  public init(option text: String, recipe: [Augmentation]) throws(Failure) {
    self = []
    guard text != "none" else { return }
    for item in text.split(separator: ",", omittingEmptySubsequences: false) {
      append(try Augmentation(option: String(item), recipe: recipe))
    }
    if let word = firstRepeatedWord {
      throw Failure(.usage, naming: .augmentation, " \(text): \(word) is there twice")
    }
    if let fault = mixingFault {
      throw Failure(.usage, naming: .augmentation, " \(text): \(fault)")
    }
  }

  /// What is wrong with two steps of mixing; nil where there are none.
  var mixingFault: String? {
    let words = filter(\.isMixing).map(\.word)
    guard words.count > 1 else { return nil }
    return words.joined(separator: " and ")
      + ": a label is shared with one other image, not with two"
  }

  var firstRepeatedWord: String? {
    indices.first { index in self[..<index].contains { $0.word == self[index].word } }
      .map { self[$0].word }
  }
}

extension Augmentation {
  fileprivate init(option item: String, recipe: [Augmentation]) throws(Failure) {
    let parts = item.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let word = String(parts[0])
    let value = parts.count > 1 ? String(parts[1]) : nil
    let known = recipe.first { $0.word == word } ?? Self.plain.first { $0.word == word }
    switch (word, value, value.flatMap { Int($0) }) {
    case (_, nil, _) where known != nil: self = known!
    case ("flip", "alternating", _):
      var flip = FlipAugmentation()
      flip.isAlternating = true
      self = .flip(flip)
    case ("crop", _, let pixels?): self = .crop(pixels)
    case ("cutout", _, let side?): self = .cutout(side)
    case ("mixup", let text?, _) where Double(text) != nil: self = .mixup(Double(text)!)
    case ("cutmix", let text?, _) where Double(text) != nil: self = .cutmix(Double(text)!)
    default:
      throw Failure(
        .usage, naming: .augmentation,
        ": \"\(item)\" is none of none, affine, flip, flip=alternating, crop=PIXELS, "
          + "cutout=PIXELS, color, mixup=ALPHA, cutmix=ALPHA")
    }
    do { try validate() } catch {
      throw Failure(.usage, naming: .augmentation, ": \(error.message)")
    }
  }
}
