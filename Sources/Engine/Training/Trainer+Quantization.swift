// Epochs that train for 8-bit integers: their steps run on another session, of the network that quantises.
// Tests see the parameters in floating point, as the model file holds them.

import PTrainNetworks

extension Trainer {
  /// Measures the forms of the epoch's values, unless the run goes on within it, and has its steps see them.
  func beginQuantizedEpoch() throws {
    if forms.isEmpty {
      guard let calibrate = options.calibrate else {
        preconditionFailure("a recipe that quantises needs calibration")
      }
      forms = try calibrate(session.block.state)
    }
    try replaceSession(network.quantizing(forms))
  }

  /// Goes on, from where the run stands, on `network`: of the same parameters.
  func replaceSession(_ network: Network) throws {
    let snapshot = snapshot
    session = try makeSession(network, snapshot.model)
    session.block.restore(snapshot)
  }
}
