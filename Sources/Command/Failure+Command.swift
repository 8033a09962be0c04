// What goes wrong, as the command line tells it: exit codes of sysexits.h, and the names of its options.

import PTrainDiagnostics

extension Failure.Kind {
  var exitCode: Int32 {
    switch self {
    case .usage: 64
    case .badData: 65
    case .missingInput: 66
    case .fault: 70
    case .cannotCreate: 73
    case .inputOutput: 74
    }
  }
}

extension Error {
  /// What a user is told: the option's name stands where the library names a parameter.
  var line: String { (self as? Failure)?.message { $0.option } ?? "\(self)" }
}

extension FailureParameter {
  /// How a user of the command line gives it.
  fileprivate var option: String {
    switch self {
    case .augmentation: "--augment"
    case .dataset: "--data DIR"
    case .inputs: "--inputs"
    case .iterations: "--iterations"
    case .learningRates: "--learning-rates"
    case .plot: "--plot"
    case .preparation: "--size, --channels"
    case .size: "--size"
    case .start: "'ptrain train --from'"
    case .targets: "--targets"
    case .testShare: "--test-share"
    case .weights: "--weights"
    case .workbook: "--output"
    }
  }
}
