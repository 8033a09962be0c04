// The help screen of `ptrain train` to the character; HelpTests has those of other commands.

import Testing

@Suite struct TrainHelpTests {
  @Test func train() throws {
    #expect(
      try help(["train"]) == """
        OVERVIEW: Trains a model and leaves it in a run directory.

        Writes model.safetensors, metrics.jsonl (one JSON object a line) and
        checkpoint/ into the run directory. Ctrl-C ends the step, keeps the run and
        tells how to go on with it. PTRAIN_ISA=baseline|avx2|avx512|neon forces an
        instruction set.

        Examples:
          ptrain --model eva8 --epochs 20 --threads 2 --output runs/first
          ptrain --resume runs/first

        Built with '--traits MPI', several processes train one model:
          mpirun -np 2 ptrain --model eva8 --threads 1

        USAGE: ptrain train <options>

        RECIPE (DEFAULT: THE MODEL'S OWN):
          --epochs <n>            Epochs: passes over the training set.
          --batch-size <n>        Minibatch size. A thread takes 8 images at a time: 64
                                  keep up to 8 threads busy.
          --optimizer <name>      Optimizer. (values: adam, sgd)
          --learning-rate <x>     Learning rate: the peak of one-cycle, the start of
                                  step and cosine. Where --optimizer changes the
                                  optimizer, 0.001 (adam) or 0.1 (sgd) unless given.
          --momentum <x>          Momentum of sgd.
          --weight-decay <x>      Decay of weights, not of biases and BN.
          --schedule <name>       Learning-rate schedule. (values: constant, step,
                                  cosine, one-cycle)
          --augment <name>        Augmentation of the training images. (values: none,
                                  affine)

        OPTIONS:
          --model <name|file.yaml>
                                  A preset (see 'ptrain models') or a description file
                                  (default: compact).
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
          --seed <n>              Seed (default: 1). The same seed gives the same model
                                  at any number of threads.
          --limit-train <n>       Use the first N training samples only.
          --validation <n|share>  Hold out N training samples, or a share such as 0.1,
                                  of each class in proportion, drawn by the seed; their
                                  loss and accuracy stand beside the test set's.
          --test-share <share>    Where the data has no test set: hold out this share
                                  of each class for it, drawn by the seed (default:
                                  0.2).
          --target-accuracy <percent>
                                  Stop after the first epoch whose test accuracy
                                  reaches this many percent.
          --output <dir>          The run directory (default: runs/MODEL-DATE-TIME).
          --from <file>           Start from the tensors of a safetensors file,
                                  ptrain's or PyTorch's, instead of random ones;
                                  without --model, the network is the one that the file
                                  describes.
          --resume <dir>          Resume the run in this directory; the result is
                                  bit-identical to an uninterrupted run. Threads,
                                  processes and --numa may change, and --data where the
                                  data was moved.
          --checkpoint-every <steps>
                                  Steps between two checkpoints (default: one at the
                                  end of each epoch).
          --quiet                 No progress bar.
          --version               Show the version.
          -h, --help              Show help information.


        """)
  }
}
