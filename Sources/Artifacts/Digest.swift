// The digest of a model: how one run is compared with another.
// One digest stands for every bit of a model, so equal digests mean equal training.

import PTrainDatasets
import PTrainNetworks

extension ModelState {
  /// SHA-256 over every parameter and running statistic, little-endian float32 in state_dict order.
  package var digest: String {
    values.withUnsafeBytes { sha256($0) }
  }
}
