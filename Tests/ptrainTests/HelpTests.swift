// The help screens to the character: what a user sees changes only on purpose.

import Testing

@Suite struct HelpTests {
  @Test func root() throws {
    #expect(
      try help([]) == """
        OVERVIEW: Trains compact convolutional networks on the CPU, in parallel.

        The same seed gives the same model, bit for bit, at any number of threads and
        processes.

        Examples:
          ptrain --threads 2                       train the default model on MNIST
          ptrain --model eva8 --epochs 1           train another model for one epoch
          ptrain eval --checkpoint runs/X/model.safetensors
          ptrain export --checkpoint runs/X/model.safetensors --output model.onnx
          ptrain models                            list the presets
          ptrain summary --model eva8
          ptrain topology
          ptrain spreadsheet --output backpropagation.xlsx

        Without a subcommand, ptrain trains: see 'ptrain train --help' for the options.

        USAGE: ptrain <subcommand>

        OPTIONS:
          --version               Show the version.
          -h, --help              Show help information.

        SUBCOMMANDS:
          train (default)         Trains a model and leaves it in a run directory.
          eval                    Tests a model file on the test set.
          export                  Writes a model for ONNX Runtime, PyTorch and others.
          models                  Lists the presets, or prints one as a description
                                  file.
          summary                 Prints a model's layers, shapes and parameters as
                                  torchsummary does.
          topology                Shows nodes, CPUs, limits, and where workers go.
          bench                   Measures training steps, kernels, scaling and the
                                  reading of data.
          spreadsheet             Writes the backpropagation workbook of a 2-2-2
                                  network.

          See 'ptrain help <subcommand>' for detailed help.

        """)
  }

  @Test func eval() throws {
    #expect(
      try help(["eval"]) == """
        OVERVIEW: Tests a model file on the test set.

        The file carries its description and normalization; nothing else of the run is
        needed, and of the data the test set alone. A file of PyTorch's with the same
        tensor names takes --model, and the normalization of the training data. A run's
        checkpoint is tested as it trains, without the moving average.

        Examples:
          ptrain eval --checkpoint runs/first/model.safetensors --json
          ptrain eval --checkpoint torch.safetensors --model eva8
          ptrain eval --checkpoint model.safetensors --logits logits.safetensors

        USAGE: ptrain eval --checkpoint <file> [--model <name|file.yaml>] [--data <path>] [--transpose] [--size <WxH|N>] [--channels <gray|rgb>] [--background <white|black|#rrggbb>] [--skip-bad] [--limit-test <n>] [--threads <n>] [--numa <mode>] [--json] [--logits <file.safetensors>]

        OPTIONS:
          --checkpoint <file>     A safetensors file with a model's tensors: a run's
                                  model.safetensors, or PyTorch's.
          --model <name|file.yaml>
                                  The network of a file that does not carry its
                                  description.
          --data <path>           A directory or a file with the data, known by what it
                                  holds: MNIST's four IDX files, CIFAR's binary files, a
                                  .npz of numpy's, .csv tables, a folder of image files
                                  for each class (default: $PTRAIN_DATA, else MNIST from
                                  the cache or a download, else Fashion-MNIST).
          --transpose             Exchange rows and columns of the data's images, which
                                  EMNIST's files need.
          --size <WxH|N>          Resize every image to this width and height, by
                                  averages over areas down and bilinear up; class
                                  folders with several sizes need it.
          --channels <gray|rgb>   Make every image grey or coloured (default: as the
                                  data is; rgb where it is both). (values: gray, rgb)
          --background <white|black|#rrggbb>
                                  What lies behind transparent pixels of image files
                                  (default: white).
          --skip-bad              Leave out image files that cannot be decoded;
                                  left-out.txt in the run lists them.
          --limit-test <n>        Use the first N test samples only.
          --threads <n>           Worker threads of each process (default: the physical
                                  cores that this process may use, within its CPU
                                  quota).
          --numa <mode>           Bind workers to CPUs and buffers to NUMA nodes; off
                                  for machines that are shared with others and
                                  containers that forbid binding. (values: auto, off;
                                  default: auto)
          --json                  Print the result as JSON.
          --logits <file.safetensors>
                                  Write the logits of every test image, in order:
                                  tensor 'logits', float [N, classes].
          --version               Show the version.
          -h, --help              Show help information.


        """)
  }

  @Test func export() throws {
    #expect(
      try help(["export"]) == """
        OVERVIEW: Writes a model for ONNX Runtime, PyTorch and others.

        FILE.onnx: opset 17, input 'input', normalized images as float [N, 1, height,
        width], output 'logits', float [N, classes]; N is open. Dropout is left out.
        Normalized is (grey / 255 - mean) / std, with the values in the file's
        metadata.

        FILE.safetensors: the tensors under PyTorch's names, without what a checkpoint
        holds besides.

        Examples:
          ptrain export --checkpoint runs/first/model.safetensors --output model.onnx
          ptrain export --checkpoint x.safetensors --output x.onnx --fold-batch-norm

        USAGE: ptrain export --checkpoint <file> --output <file.onnx|.safetensors> [--fold-batch-norm] [--normalize]

        OPTIONS:
          --checkpoint <file>     A model file or a checkpoint of ptrain's.
          --output <file.onnx|.safetensors>
                                  The file to write.
          --fold-batch-norm       ONNX: fold batch normalization into the convolution
                                  or dense layer right before it, or into the one
                                  behind it where that is exact (no padding, at most a
                                  global average pooling between); any other stays a
                                  node.
          --normalize             ONNX: normalize in the graph; its input is then grey
                                  values from 0 to 255, as float.
          --version               Show the version.
          -h, --help              Show help information.


        """)
  }

  @Test func topology() throws {
    #expect(
      try help(["topology"]) == """
        OVERVIEW: Shows nodes, CPUs, limits, and where workers go.

        Example:
          ptrain topology --threads 16

        USAGE: ptrain topology [--threads <n>] [--numa <mode>] [--json]

        OPTIONS:
          --threads <n>           Worker threads of each process (default: the physical
                                  cores that this process may use, within its CPU
                                  quota).
          --numa <mode>           Bind workers to CPUs and buffers to NUMA nodes; off
                                  for machines that are shared with others and
                                  containers that forbid binding. (values: auto, off;
                                  default: auto)
          --json                  Print everything as JSON.
          --version               Show the version.
          -h, --help              Show help information.


        """)
  }

  @Test func spreadsheet() throws {
    #expect(
      try help(["spreadsheet"]) == """
        OVERVIEW: Writes the backpropagation workbook of a 2-2-2 network.

        Trains a network of two inputs, two hidden and two output neurons, without
        biases, once for each learning rate. The workbook explains every step; each
        learning rate has a sheet of live formulas, and one graph shows the errors of
        all of them.

        Example:
          ptrain spreadsheet --output backpropagation.xlsx --csv tables --plot error.svg

        USAGE: ptrain spreadsheet --output <file.xlsx> [--learning-rates <x,x,…>] [--iterations <n>] [--csv <dir>] [--plot <file.png|.svg>] [--log-scale] [--inputs <i1,i2>] [--targets <t1,t2>] [--weights <w1,…,w8>]

        OPTIONS:
          --output <file.xlsx>    The workbook to write.
          --learning-rates <x,x,…>
                                  Learning rates, separated by commas; each gets a
                                  sheet. (default: 0.1,0.2,0.5,0.8,1.0,2.0)
          --iterations <n>        Rows a sheet; the first one is before any update.
                                  (default: 300)
          --csv <dir>             Directory for the tables as lr_0.1.csv and so on.
          --plot <file.png|.svg>  Draw the error graph (with gnuplot).
          --log-scale             Logarithmic error axis in the graph of --plot.
          --inputs <i1,i2>        The inputs. (default: 0.05,0.1)
          --targets <t1,t2>       The targets. (default: 0.01,0.99)
          --weights <w1,…,w8>     The starting weights. (default:
                                  0.15,0.2,0.25,0.3,0.4,0.45,0.5,0.55)
          --version               Show the version.
          -h, --help              Show help information.


        """)
  }
}

/// What `--help` says; lines end where words end, whatever padding the printer leaves.
func help(_ subcommand: [String]) throws -> String {
  let run = try CommandLineRun(subcommand + ["--help"], in: Scratch())
  #expect(run.exitCode == 0 && run.errors == "")
  return run.output.split(separator: "\n", omittingEmptySubsequences: false).map { line in
    String(line.reversed().drop { $0 == " " }.reversed())
  }.joined(separator: "\n")
}
