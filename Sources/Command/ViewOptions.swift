// Of which views of each test image the logits are averaged, and how a result says so.

import ArgumentParser
import PTrain
import PTrainDiagnostics

struct ViewOptions: ParsableArguments {
  @Flag(help: "Average the logits of each test image and of its mirror image.")
  var flipAverage = false

  @Flag(
    help: """
      The same, and as much weight on the image shifted by a pixel down and right, on the one shifted up \
      and left, and on their mirror images, borders reflected.
      """)
  var shiftAverage = false

  func validate() throws {
    if flipAverage && shiftAverage {
      throw ValidationError(
        "--flip-average, --shift-average: the second has mirror images too; leave out the first")
    }
  }

  var views: ImageViews { shiftAverage ? .shift : flipAverage ? .flip : .single }

  /// The option that was given, if there is one.
  var givenOption: String? {
    switch views {
    case .single: nil
    case .flip: "--flip-average"
    case .shift: "--shift-average"
    }
  }
}

extension ImageViews {
  /// What was tested, for the line of the result.
  var testedSet: String {
    switch self {
    case .single: "Test set"
    case .flip: "Test set, averaged over mirror images"
    case .shift: "Test set, averaged over mirror images and shifts"
    }
  }

  /// The name of the logits in a file.
  var tensorName: String { self == .single ? "logits" : "logits.\(rawValue)_average" }
}
