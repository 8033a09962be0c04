// The functions of a network in C, of which a program holds those that it calls.

import PTrainNetworks

/// A function by its name, and its text in C99.
struct CFunction: Hashable, Comparable {
  let name: String
  let text: String
  /// Whether it calls a function of `<math.h>`.
  let needsMath: Bool

  static let convolve = CFunction("convolve", PackageResources.convolve_c)
  static let convolveDepthwise = CFunction(
    "convolve_depthwise", PackageResources.convolve_depthwise_c)
  static let connect = CFunction("connect", PackageResources.connect_c)
  static let scaleShift = CFunction("scale_shift", PackageResources.scale_shift_c)
  static let add = CFunction("add", PackageResources.add_c)
  static let multiply = CFunction("multiply", PackageResources.multiply_c)
  static let flatten = CFunction("flatten", PackageResources.flatten_c)
  static let insertChannels = CFunction("insert_channels", PackageResources.insert_channels_c)

  init(_ kind: PoolKind) {
    switch kind {
    case .maximum: self.init("pool_maximum", PackageResources.pool_maximum_c)
    case .average: self.init("pool_average", PackageResources.pool_average_c)
    }
  }

  private init(_ name: String, _ text: [UInt8]) {
    (self.name, self.text) = (name, String(decoding: text, as: UTF8.self))
    needsMath = false
  }

  private init(_ name: String, text: String, needsMath: Bool) {
    (self.name, self.text, self.needsMath) = (name, text, needsMath)
  }

  /// `y[i]` of `x[i]` for all `i`, by an expression of C.
  static func elementwise(
    _ name: String, parameter: String? = nil, _ value: String, needsMath: Bool = false
  ) -> CFunction {
    let parameters = parameter.map { "int count, float \($0)" } ?? "int count"
    let text = """
      /* y may be x. */
      static void \(name)(const float *x, \(parameters), float *y)
      {
          for (int i = 0; i < count; i++) y[i] = \(value);
      }

      """
    return CFunction(name, text: text, needsMath: needsMath)
  }

  static func < (a: CFunction, b: CFunction) -> Bool { a.name < b.name }
}
