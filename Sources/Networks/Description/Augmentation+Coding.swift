// The value of a recipe's `augment`, read and written.
// `none`, a word, the ranges of an affine map, or a list of words and single keys.

extension Augmentation {
  static let grammar = GrammarValue.anyOf([
    .words(["none"] + plain.map(\.word)), .keys(AffineAugmentation.grammar),
    .list(
      .anyOf([.words(plain.map(\.word)), .oneKey(itemGrammar)]), 1...itemGrammar.count),
  ])

  fileprivate static let itemGrammar = [
    GrammarKey(name: "affine", value: .keys(AffineAugmentation.grammar)),
    GrammarKey(name: "flip", value: .words(["alternating"])),
    GrammarKey(name: "crop", value: .integer(RecipeLimits.crop)),
    GrammarKey(name: "cutout", value: .integer(RecipeLimits.cutout)),
    GrammarKey(name: "color", value: .keys(ColorAugmentation.grammar)),
    GrammarKey(name: "mixup", value: .number(RecipeLimits.mixup)),
    GrammarKey(name: "cutmix", value: .number(RecipeLimits.cutmix)),
  ]

  fileprivate static let itemList =
    plain.map(\.word).joined(separator: ", ") + " or one key of "
    + itemGrammar.map(\.name).joined(separator: ", ")

  fileprivate init?(word: String) {
    guard let step = Self.plain.first(where: { $0.word == word }) else { return nil }
    self = step
  }

  fileprivate var form: DescriptionForm {
    switch self {
    case .affine(let ranges): .map([("affine", ranges.form)])
    case .flip(let flip) where flip.isAlternating: .map([("flip", .word("alternating"))])
    case .flip: .word("flip")
    case .crop(let pixels): .map([("crop", .integer(pixels))])
    case .cutout(let side): .map([("cutout", .integer(side))])
    case .color(let ranges): .map([("color", ranges.form)])
    case .mixup(let alpha): .map([("mixup", .number(alpha))])
    case .cutmix(let alpha): .map([("cutmix", .number(alpha))])
    }
  }
}

extension [Augmentation] {
  /// An affine map alone as its ranges, as files had it before there were lists.
  var form: DescriptionForm {
    if isEmpty { return .word("none") }
    if count == 1, case .affine(let ranges) = self[0] { return ranges.form }
    return .flow(map(\.form))
  }
}

/// The value of `augment`.
struct AugmentChoice: Decodable {
  var steps: [Augmentation]

  init(from decoder: any Decoder) throws {
    if let word = try? decoder.singleValueContainer().decode(String.self) {
      steps = try Self.steps(word, decoder.codingPath)
    } else if (try? decoder.unkeyedContainer()) != nil {
      steps = try [AugmentItem](from: decoder).map(\.step)
      if steps.isEmpty {
        throw descriptionError(decoder.codingPath, "`augment` has no items; `none` is a word")
      }
      if let word = steps.firstRepeatedWord {
        throw descriptionError(decoder.codingPath, "`augment` has `\(word)` twice")
      }
      if let fault = steps.mixingFault {
        throw descriptionError(decoder.codingPath, "`augment` has \(fault)")
      }
    } else {
      steps = [.affine(try AffineAugmentation(from: decoder))]
    }
  }

  private static func steps(
    _ word: String, _ path: [any CodingKey]
  ) throws -> [Augmentation] {
    if word == "none" { return [] }
    guard let step = Augmentation(word: word) else {
      throw descriptionError(
        path,
        "`augment` is `\(word.prefix(40))`, expected none, \(Augmentation.plain.map(\.word).joined(separator: ", ")), "
          + "the ranges of an affine map, or a list")
    }
    return [step]
  }
}

private struct AugmentItem: Decodable {
  var step: Augmentation

  init(from decoder: any Decoder) throws {
    if let word = try? decoder.singleValueContainer().decode(String.self) {
      guard let step = Augmentation(word: word) else {
        throw descriptionError(
          decoder.codingPath,
          "`\(word.prefix(40))` is no step of `augment`, expected \(Augmentation.itemList)")
      }
      self.step = step
      return
    }
    let keys = try DescriptionKeys(
      decoder, of: "a step of `augment`", known: Augmentation.itemGrammar.map(\.name))
    switch keys.onlyKey {
    case "affine": step = .affine(try keys.value("affine", AffineAugmentation.self))
    case "flip":
      var flip = FlipAugmentation()
      _ = try keys.choice("flip", default: FlipWord.alternating)
      flip.isAlternating = true
      step = .flip(flip)
    case "crop": step = .crop(try keys.number("crop", RecipeLimits.crop))
    case "cutout": step = .cutout(try keys.number("cutout", RecipeLimits.cutout))
    case "color": step = .color(try keys.value("color", ColorAugmentation.self))
    case "mixup": step = .mixup(try keys.number("mixup", RecipeLimits.mixup))
    case "cutmix": step = .cutmix(try keys.number("cutmix", RecipeLimits.cutmix))
    default:
      throw descriptionError(
        decoder.codingPath, "a step of `augment` must be \(Augmentation.itemList)")
    }
  }
}

private enum FlipWord: String, CaseIterable { case alternating }

extension AffineAugmentation: Codable {
  static let grammar = [
    GrammarKey(name: "rotation", value: .number(RecipeLimits.rotationDegrees)),
    GrammarKey(name: "scale", value: .number(RecipeLimits.scale)),
    GrammarKey(name: "shear", value: .number(RecipeLimits.shear)),
    GrammarKey(name: "shift", value: .number(RecipeLimits.shiftPixels)),
  ]

  public init(from decoder: any Decoder) throws {
    self.init()
    let keys = try DescriptionKeys(
      decoder, of: "augment", known: AffineAugmentation.grammar.map(\.name))
    rotationDegrees = try keys.number(
      "rotation", default: rotationDegrees, RecipeLimits.rotationDegrees)
    scale = try keys.number("scale", default: scale, RecipeLimits.scale)
    shear = try keys.number("shear", default: shear, RecipeLimits.shear)
    shiftPixels = try keys.number("shift", default: shiftPixels, RecipeLimits.shiftPixels)
  }

  public func encode(to encoder: any Encoder) throws { try form.encode(to: encoder) }

  var form: DescriptionForm {
    .map([
      ("rotation", .number(rotationDegrees)), ("scale", .number(scale)),
      ("shear", .number(shear)), ("shift", .number(shiftPixels)),
    ])
  }
}

/// Keys that are not given change nothing.
extension ColorAugmentation: Decodable {
  static let grammar = ["brightness", "contrast", "saturation"].map {
    GrammarKey(name: $0, value: .number(RecipeLimits.color))
  }

  public init(from decoder: any Decoder) throws {
    self.init()
    let keys = try DescriptionKeys(
      decoder, of: "color", known: ColorAugmentation.grammar.map(\.name))
    brightness = try keys.number("brightness", default: 0, RecipeLimits.color)
    contrast = try keys.number("contrast", default: 0, RecipeLimits.color)
    saturation = try keys.number("saturation", default: 0, RecipeLimits.color)
  }

  var form: DescriptionForm {
    .map([
      ("brightness", .number(brightness)), ("contrast", .number(contrast)),
      ("saturation", .number(saturation)),
    ])
  }
}
