// Evaluates a sheet formula on a row: + - * / ^, parentheses, EXP, numbers and column titles.
// It lets the formulas be tested where no spreadsheet program is installed.
import Glibc

@testable import PTrainSpreadsheet

/// A recursive-descent evaluator; `^` binds tighter than a sign only on its left, as here needed.
struct FormulaEvaluator {
  struct Unexpected: Error { let rest: String }

  private var rest: Substring
  private let row: Iteration

  static func evaluate(_ expression: String, in row: Iteration) throws -> Double {
    var evaluator = FormulaEvaluator(rest: expression[...], row: row)
    let value = try evaluator.sum()
    guard evaluator.rest.isEmpty else { throw Unexpected(rest: String(evaluator.rest)) }
    return value
  }

  private mutating func sum() throws -> Double {
    var value = try product()
    while let sign = take(anyOf: "+-") {
      let term = try product()
      value = sign == "+" ? value + term : value - term
    }
    return value
  }

  private mutating func product() throws -> Double {
    var value = try power()
    while let operation = take(anyOf: "*/") {
      let factor = try power()
      value = operation == "*" ? value * factor : value / factor
    }
    return value
  }

  private mutating func power() throws -> Double {
    let base = try atom()
    return take(anyOf: "^") == nil ? base : pow(base, try atom())
  }

  private mutating func atom() throws -> Double {
    if take(anyOf: "-") != nil { return -(try atom()) }
    if take(anyOf: "(") != nil { return try closed() }
    let word = rest.prefix { $0.isLetter || $0.isNumber || "_.".contains($0) }
    rest.removeFirst(word.count)
    if word == "EXP", take(anyOf: "(") != nil { return exp(try closed()) }
    guard let value = Column(rawValue: String(word)).map({ row[$0] }) ?? Double(String(word)) else {
      throw Unexpected(rest: word + String(rest))
    }
    return value
  }

  private mutating func closed() throws -> Double {
    let value = try sum()
    guard take(anyOf: ")") != nil else { throw Unexpected(rest: String(rest)) }
    return value
  }

  private mutating func take(anyOf characters: String) -> Character? {
    guard let first = rest.first, characters.contains(first) else { return nil }
    return rest.removeFirst()
  }
}
