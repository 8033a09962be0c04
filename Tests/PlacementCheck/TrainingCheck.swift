// A few training steps on images of noise, small enough for an emulated processor.

import PTrainDatasets
import PTrainEngine
import PTrainKernels
import PTrainMemory
import PTrainNetworks

enum TrainingCheck {
  private static let batchSize = 100
  private static let sampleCount = 200

  static func session(binding: any WorkerBinding, threadCount: Int) throws -> Session {
    let description = try ModelDescription.preset(named: "tiny")
    let network = try Network(
      description: description, input: Shape(channels: 1, height: 28, width: 28), classCount: 10)
    var configuration = EngineConfiguration(
      kernels: try KernelChoice.select(environment: [:]), threadCount: threadCount,
      cpuCount: threadCount)
    configuration.binding = binding
    return try Session(
      network, state: .initial(network: network, seed: 1), configuration: configuration,
      sampleCapacity: batchSize, seed: 1)
  }

  static func train(_ session: Session) throws -> [Double] {
    let set = try ImageSet.synthetic(count: sampleCount, height: 28, width: 28, classCount: 10)
    let recipe = try ModelDescription.preset(named: "tiny").recipe
    return try session.trainingLosses(
      set, .mnist, order: [UInt32](0..<UInt32(sampleCount)), recipe: recipe)
  }

  /// Hash of all parameters and running statistics after training (Fowler, Noll, Vo 1991).
  static func digest(binding: any WorkerBinding, threadCount: Int) throws -> String {
    let session = try session(binding: binding, threadCount: threadCount)
    _ = try train(session)
    let hash = session.state.values.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { hash, value in
      (hash ^ UInt64(value.bitPattern)) &* 0x100_0000_01b3
    }
    return String(hash, radix: 16)
  }
}
