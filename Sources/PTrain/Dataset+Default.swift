// The data that everything else is tried on first.

import FoundationEssentials
import PTrainDatasets
import PTrainDiagnostics

extension Dataset {
  /// What `ptrain` trains on where nothing is named: `$PTRAIN_DATA`, else MNIST from the cache or a download,
  /// else Fashion-MNIST where Debian's package has put it.
  ///
  /// `report` takes a line for each thing worth knowing. Throws `.missingInput` where there is none of them.
  public static func standard(report: (String) -> Void = { _ in }) throws(PTrainError) -> Dataset {
    let source = try DataSource.locate(
      option: nil, environment: ProcessInfo.processInfo.environment
    ) { report($0.description) }
    let (dataset, remarks) = try source.load()
    for remark in remarks { report(remark) }
    return dataset
  }
}
