// Batch normalization over one value a channel: it has no variance to learn from.

import PTrainNetworks
import Synchronization
import Testing

@testable import PTrainEngine

@Suite struct SingleValueNormTests {
  @Test(arguments: [(1, true), (7, true), (16, false)])
  func itsRunningVarianceStaysAndItIsTold(batchSize: Int, isTold: Bool) throws {
    var run = ShortRun(batchSize: batchSize)
    run.architecture = .denseStack
    run.recipe.epochs = 1
    let infos = Mutex<[RunInfo]>([])
    try run.trainer().run { event in
      if case .started(let info) = event { infos.withLock { $0.append(info) } }
    }
    #expect(infos.withLock { $0.map(\.singleValueNorm) } == [isTold ? "bn2" : nil])
    guard batchSize == 1 else { return }
    // Its other batch normalization has pixels to average over.
    let state = try run.finalState()
    let initial = ModelState.initial(network: try run.architecture.network(), seed: 1)
    for name in ["bn2.running_var", "bn3.running_var"] { #expect(state[name] == initial[name]) }
    #expect(state["bn1.running_var"] != initial["bn1.running_var"])
  }
}
