// Where layers stand: in which lists of a description, and on which line of its text.
// Messages about a layer begin with it, whoever finds out what is wrong.

import Yams

/// A layer's way through the lists of a description.
struct LayerPlace: Hashable {
  /// Index in the outermost list, then list and index in it for each list that is entered.
  ///
  /// A body is list 0 and its shortcut list 1; branches are counted; all others are list 0.
  var path: [Int]
  /// `layer 3, body 2`
  var label: String

  /// Item `index` of list `list` of the layer at this place, which messages call `name`.
  func item(_ index: Int, ofList list: Int, name: String) -> LayerPlace {
    LayerPlace(path: path + [list, index], label: "\(label), \(name)\(index + 1)")
  }
}

/// The text that a description was read from, so that messages can point into it.
///
/// Where a description comes from is no part of what it says: all origins are equal.
struct DescriptionOrigin: Equatable, Sendable {
  /// A file or a preset.
  var source: String?
  /// By `LayerPlace.path`, counted from 1.
  var lines: [[Int]: Int] = [:]

  static func == (_: Self, _: Self) -> Bool { true }

  /// `example.yaml:7: layer 3 (maxPool 2)`, with what is known.
  func text(of place: LayerPlace, _ layer: Layer) -> String {
    let line = lines[place.path].map { ":\($0)" } ?? ""
    return (source.map { "\($0)\(line): " } ?? "") + "\(place.label) (\(layer.summary))"
  }
}

extension DescriptionOrigin {
  /// The lines of a text that was read as a description.
  init(source: String, root: Yams.Node) {
    self.source = source
    collect(root["layers"], list: [])
  }

  private mutating func collect(_ list: Yams.Node?, list path: [Int]) {
    for (index, item) in (list?.sequence.map { Array($0) } ?? []).enumerated() {
      let path = path + [index]
      lines[path] = item.mark?.line
      guard let (kind, value) = item.mapping?.first else { continue }
      for (number, list) in Self.lists(kind.string, value).enumerated() {
        collect(list, list: path + [number])
      }
    }
  }

  /// The lists of a layer, numbered as in `LayerPlace.path`.
  private static func lists(_ kind: String?, _ value: Yams.Node) -> [Yams.Node?] {
    switch kind {
    case "residual": value.sequence == nil ? [value["body"], value["shortcut"]] : [value]
    case "concat": value.sequence.map { Array($0) } ?? []
    case "scale": [value]
    case "repeat": [value["layers"]]
    default: []
    }
  }
}
