// Numbers as text: fixed decimals as C rounds them, thousands separators, padding, durations.
// `String(format:)` would need all of Foundation.

import PTrainCLibrary

/// `value` with `digits` decimals, correctly rounded; `nan` of either sign is `nan`.
package func fixed(_ value: Double, _ digits: Int) -> String {
  let value = value.isNaN ? .nan : value
  return withVaList([Int32(digits), value]) { arguments in
    // The longest finite Double has 309 digits before the point.
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 400) { buffer in
      vsnprintf(buffer.baseAddress, buffer.count, "%.*f", arguments)
      return String(cString: buffer.baseAddress!)
    }
  }
}

/// `value` with up to `digits` significant digits, as C's `%g` shows it.
package func shortNumber(_ value: Double, digits: Int = 4) -> String {
  withVaList([Int32(digits), value]) { arguments in
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
      vsnprintf(buffer.baseAddress, buffer.count, "%.*g", arguments)
      return String(cString: buffer.baseAddress!)
    }
  }
}

/// `value` with a comma between groups of three digits.
package func grouped(_ value: Int) -> String {
  let digits = String(value.magnitude)
  var text = ""
  for (index, digit) in digits.enumerated() {
    if index > 0 && (digits.count - index) % 3 == 0 { text.append(",") }
    text.append(digit)
  }
  return value < 0 ? "-" + text : text
}

/// `1 epoch`, `2 epochs`.
package func counted(_ count: Int, _ noun: String) -> String {
  "\(grouped(count)) \(noun)\(count == 1 ? "" : "s")"
}

/// A duration as `MM:SS`, or `H:MM:SS` from an hour on; `?` stands for one that is not known.
package func clock(_ seconds: Double) -> String {
  guard seconds.isFinite, seconds >= 0, seconds < 1e9 else { return "?" }
  let whole = Int(seconds)
  let minutes = twoDigits(whole / 60 % 60) + ":" + twoDigits(whole % 60)
  return whole < 3600 ? minutes : "\(whole / 3600):\(minutes)"
}

package func twoDigits(_ value: Int) -> String {
  value < 10 ? "0\(value)" : String(value)
}

extension String {
  package func leftPadded(to width: Int) -> String {
    String(repeating: " ", count: max(0, width - count)) + self
  }
}
