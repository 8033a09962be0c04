// Exit codes of sysexits.h, as the command line promises them.

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
