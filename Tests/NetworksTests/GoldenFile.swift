// The golden values of PyTorch as JSON, and how closely results must agree with them.
// make_golden.py beside the files wrote them.

import Foundation
import Testing

@testable import PTrainNetworks

/// A tree of golden values; a missing key fails the test that asks for it.
struct Golden {
  let value: Any

  init(_ value: Any) { self.value = value }

  init(file name: String) throws {
    let url = try #require(
      Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Golden"))
    value = try JSONSerialization.jsonObject(with: Data(contentsOf: url))
  }

  subscript(key: String) -> Golden {
    get throws {
      let pairs = try #require(value as? [String: Any])
      return Golden(try #require(pairs[key], "no golden value `\(key)`"))
    }
  }

  func has(_ key: String) -> Bool { (value as? [String: Any])?[key] != nil }

  var list: [Golden] { get throws { try #require(value as? [Any]).map(Golden.init) } }
  var numbers: [Double] {
    get throws { try #require(value as? [Any]).map { try #require($0 as? NSNumber).doubleValue } }
  }
  var number: Double { get throws { try #require(value as? NSNumber).doubleValue } }
  var int: Int { get throws { try #require(value as? NSNumber).intValue } }
  var ints: [Int] { get throws { try numbers.map { Int($0) } } }
  var flag: Bool { get throws { try #require(value as? NSNumber).boolValue } }
  var text: String { get throws { try #require(value as? String) } }
  var shape: Shape {
    get throws {
      let extents = try ints
      return Shape(channels: extents[0], height: extents[1], width: extents[2])
    }
  }
}

/// Largest difference, as a share of the largest expected value (at least 1e-3).
func difference<Scalar: ReferenceScalar>(_ found: [Scalar], _ expected: [Double]) -> Double {
  guard found.count == expected.count else { return .infinity }
  let largest = expected.map(abs).max() ?? 0
  let distance = zip(found, expected).map { abs(Double($0) - $1) }
  guard distance.allSatisfy(\.isFinite) else { return .infinity }
  return (distance.max() ?? 0) / max(largest, 1e-3)
}

/// Agreement asked of the reference in a scalar type.
func tolerance<Scalar: ReferenceScalar>(_ type: Scalar.Type) -> Double {
  type == Double.self ? 1e-12 : 2e-6
}
