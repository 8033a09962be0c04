// `ptrain bench kernels`: each fused unit of a network against the peak of the multiply-adds.

import ArgumentParser
import PTrain
import PTrainArtifacts
import PTrainDiagnostics
import PTrainEngine
import PTrainKernelTypes
import PTrainKernels

struct BenchKernels: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kernels",
    abstract: "Times every unit of a network on one thread, per instruction set.",
    discussion: """
      A unit is a convolution, pool or sum with its transforms, bias, activation, BN and pooling. \
      Operations are those of direct loops, so that Winograd convolutions may pass 100 % of the \
      peak. Where a backward pass repeats the forward convolution instead of reading its output, \
      "executed" counts that too. A first layer of conv, BN and ReLU is made where it is read: the \
      next one's time holds its time too. What does little arithmetic is bound by memory: its bytes \
      (each operand once, backward those of both directions) stand beside copies within the L2 cache. \
      In flight are the KB that a call's loops come back to, which a cache should hold: weights, \
      transforms or images, sums of the weight gradient. First a training step is held against the \
      reference in double precision. PTRAIN_ISA limits it to one instruction set.

      Example:
        ptrain bench kernels --model eva8 --model compact
      """)

  /// Largest error of a gradient that is accepted, relative to its tensor's largest entry; or so many
  /// times the reference's own in Float, which grows with every norm over few values.
  private static let tolerance = 1e-4
  private static let floatTolerance = 10.0

  @Option(
    help: ArgumentHelp(
      "A preset or a description file; may be repeated (default: eva8 and compact).",
      valueName: "name|file.yaml"))
  var model: [String] = []

  @OptionGroup(title: "Images") var size: ImageOptions

  @Option(help: ArgumentHelp("Seconds for each unit and direction.", valueName: "x"))
  var seconds = 0.2

  @Flag(help: "Print the result as JSON.")
  var json = false

  func validate() throws {
    guard seconds > 0 && seconds <= 60 else {
      throw ValidationError("--seconds \(seconds): expected more than 0, at most 60")
    }
  }

  func run() throws {
    let models = (model.isEmpty ? ["eva8", "compact"] : model).map(ModelOptions.init(model:))
    var results: [KernelTiming] = []
    for kernels in try kernelSets() {
      let limits = CoreLimits(
        peak: try PeakMeasurement.operationsPerSecond(of: kernels),
        copy: try CopyMeasurement.bytesPerSecond())
      for model in models {
        results.append(try measure(model, kernels, limits))
        if !json { try Terminal.writeResult(results.last!.table) }
      }
    }
    if json { try Terminal.writeResult(JSONText.array(results.map(\.json)).text + "\n") }
  }

  /// The forced instruction set, else all that this processor has, widest first.
  private func kernelSets() throws -> [any KernelSet] {
    guard Job.environment[KernelChoice.variable] == nil else {
      return [try KernelChoice.select(environment: Job.environment)]
    }
    return KernelChoice.available.reversed().map(KernelChoice.kernels(for:))
  }

  private func measure(
    _ model: ModelOptions, _ kernels: any KernelSet, _ limits: CoreLimits
  ) throws -> KernelTiming {
    let description = try model.description()
    let (shape, classCount) = size.size(for: model)
    // The reference sees images as they are: no augmentation.
    let network = try Network(
      description: ModelDescription(
        name: description.name, layers: description.layers, recipe: Recipe()),
      input: shape, classCount: classCount)
    let images = try ImageSet.synthetic(
      count: StageBenchmark.sampleCount, height: shape.height, width: shape.width,
      channels: shape.channels, classCount: classCount)
    let configuration = EngineConfiguration(kernels: kernels, threadCount: 1, cpuCount: 1)
    let (error, floatError) = try verify(network, images, configuration)
    let benchmark = try StageBenchmark(
      network: network, images: images, normalization: .mnist, configuration: configuration)
    return KernelTiming(
      model: description.name, instructionSet: kernels.instructionSet, limits: limits,
      gradientError: error, floatError: floatError, units: try benchmark.run(seconds: seconds))
  }

  /// The largest relative error of a training step's gradients on eight images, and of the reference in
  /// Float.
  private func verify(
    _ network: Network, _ images: ImageSet, _ configuration: EngineConfiguration
  ) throws -> (Double, Double) {
    let comparison = try ReferenceComparison(
      network, state: .initial(network: network, seed: 1), set: images, normalization: .mnist,
      order: [UInt32](0..<8), measuresFloat: true, configuration: configuration)
    let worst = comparison.gradientErrors().max { $0.error < $1.error }!
    let floatError = comparison.floatErrors().map(\.error).max()!
    guard worst.error < max(Self.tolerance, Self.floatTolerance * floatError) else {
      throw Failure(
        .fault,
        "\(network.description.name): the gradient of \(worst.name) is off by \(worst.error) of its "
          + "largest entry, the reference's in float by \(floatError); nothing is timed")
    }
    return (worst.error, floatError)
  }
}
