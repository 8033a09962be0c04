// Options of training alone, in the groups in which its help shows them.

import ArgumentParser
import PTrain

extension SplitSize: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

/// What a run begins with.
struct StartOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Start from the tensors of a safetensors file, ptrain's or PyTorch's, instead of random ones; \
      without --model, the network is the one that the file describes.
      """, valueName: "file"), completion: .file(extensions: ["safetensors"]))
  var from: String?

  @Flag(
    help: """
      With --from: begin the last layer with weights anew, for data of other classes; the recipe's \
      'freeze: N' keeps the first N layers as they are.
      """)
  var resetHead = false
}

/// Which samples train, validate and test.
struct SplitOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Use the first N training samples only.", valueName: "n"))
  var limitTrain: Int?

  @Option(
    help: ArgumentHelp(
      """
      Hold out N training samples, or a share such as 0.1, of each class in proportion, drawn by the \
      seed; their loss and accuracy stand beside the test set's.
      """, valueName: "n|share"))
  var validation: SplitSize?

  @Option(
    help: ArgumentHelp(
      """
      Where the data has no test set: hold out this share of each class for it, drawn by the seed \
      (default: 0.2).
      """, valueName: "share"))
  var testShare: Double?

  func validate() throws {
    try checkLimit("--limit-train", limitTrain)
    if let testShare, !(testShare > 0 && testShare < 1) {
      throw ValidationError("--test-share \(testShare): expected above 0, below 1")
    }
  }
}

/// Where a run begins and when it ends.
struct CourseOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Seed (default: 1). The same seed gives the same model at any number of threads.",
      valueName: "n"))
  var seed: UInt64?

  @Option(
    help: ArgumentHelp(
      "Stop after the first epoch whose test accuracy reaches this many percent.",
      valueName: "percent"))
  var targetAccuracy: Double?

  @Option(
    help: ArgumentHelp(
      """
      Stop after N epochs without a smaller loss on the validation set (--validation); the model that is \
      left is that of the best epoch.
      """, valueName: "n"))
  var patience: Int?

  @Option(
    help: ArgumentHelp(
      """
      Resume the run in this directory; the result is bit-identical to an uninterrupted run. Threads, \
      processes and --numa may change, and --data where the data was moved.
      """, valueName: "dir"), completion: .directory)
  var resume: String?

  func validate() throws {
    try checkLimit("--patience", patience)
    if let targetAccuracy, !(targetAccuracy > 0 && targetAccuracy <= 100) {
      throw ValidationError(
        "--target-accuracy \(targetAccuracy): expected above 0, up to 100 percent")
    }
  }
}

/// What a run leaves and shows.
struct OutputOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("The run directory (default: runs/MODEL-DATE-TIME).", valueName: "dir"),
    completion: .directory)
  var output: String?

  @Option(
    help: ArgumentHelp(
      "Steps between two checkpoints (default: one at the end of each epoch).",
      valueName: "steps"))
  var checkpointEvery: Int?

  @Flag(help: "Write an event file for TensorBoard into the run directory too.")
  var tensorboard = false

  @Flag(help: "No progress bar.")
  var quiet = false

  func validate() throws {
    try checkLimit("--checkpoint-every", checkpointEvery)
    if output == "" { throw ValidationError("--output: expected the name of a directory") }
  }
}
