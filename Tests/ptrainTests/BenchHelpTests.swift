// The help screens of `ptrain bench` and its subcommands, to the character.
// HelpTests has the other commands'.

import Testing

@Suite struct BenchHelpTests {
  @Test func bench() throws {
    #expect(
      try help(["bench"]) == """
        OVERVIEW: Measures training steps, kernels, scaling and the reading of data.

        Example:
          ptrain bench step --model eva8 --batch-size 256 --threads 2

        USAGE: ptrain bench <subcommand>

        OPTIONS:
          --version               Show the version.
          -h, --help              Show help information.

        SUBCOMMANDS:
          step                    Times training steps.
          kernels                 Times every unit of a network on one thread, per
                                  instruction set.
          scaling                 Compares thread counts, and shows where a step's time
                                  goes.
          data                    Times the reading of data, decoded and from the cache.

          See 'ptrain help bench <subcommand>' for detailed help.

        """)
  }

  @Test func step() throws {
    #expect(
      try help(["bench", "step"]) == """
        OVERVIEW: Times training steps.

        A step takes shuffled bytes, normalizes them and augments them if the recipe
        says so, and ends with new parameters. The figure is the median. Page faults
        are those of the timed steps, which take no new memory.

        Example:
          ptrain bench step --model compact --threads 1 --json

        USAGE: ptrain bench step [--model <name|file.yaml>] [--input <CxHxW>] [--classes <n>] [--batch-size <n>] [--steps <n>] [--warm-up <n>] [--data <dir>] [--json] [--threads <n>] [--numa <mode>] [--evaluation]

        OPTIONS:
          --model <name|file.yaml>
                                  A preset (see 'ptrain models') or a description file
                                  (default: compact).
          --input <CxHxW>         Channels (1 or 3), height and width of an image
                                  (default: those that the preset was made for, else
                                  1x28x28).
          --classes <n>           Classes (default: those that the preset was made for,
                                  else 10).
          --batch-size <n>        Samples of a minibatch (default: the model's recipe).
          --steps <n>             Timed steps. (default: 50)
          --warm-up <n>           Steps before the timed ones. (default: 5)
          --data <dir>            Directory with the IDX files to train on (default:
                                  random images).
          --json                  Print the result as JSON.
          --threads <n>           Worker threads of each process (default: the physical
                                  cores that this process may use, within its CPU
                                  quota).
          --numa <mode>           Bind workers to CPUs and buffers to NUMA nodes; off
                                  for machines that are shared with others and
                                  containers that forbid binding. (values: auto, off;
                                  default: auto)
          --evaluation            Time evaluations of minibatches instead of training
                                  steps.
          --version               Show the version.
          -h, --help              Show help information.


        """)
  }

  @Test func kernels() throws {
    #expect(
      try help(["bench", "kernels"]) == """
        OVERVIEW: Times every unit of a network on one thread, per instruction set.

        A unit is a convolution or dense layer with its transforms, bias, ReLU, BN and
        pooling. Operations are those of direct loops, so that Winograd convolutions
        may pass 100 % of the peak. Where a backward pass repeats the forward
        convolution instead of reading its output, "executed" counts that too. A first
        layer of conv, BN and ReLU is made where it is read: the next one's time holds
        its time too. First a training step is held against the reference in double
        precision. PTRAIN_ISA limits it to one instruction set.

        Example:
          ptrain bench kernels --model eva8 --model compact

        USAGE: ptrain bench kernels [--model <name|file.yaml> ...] [--input <CxHxW>] [--classes <n>] [--seconds <x>] [--json]

        OPTIONS:
          --model <name|file.yaml>
                                  A preset or a description file; may be repeated
                                  (default: eva8 and compact).
          --input <CxHxW>         Channels (1 or 3), height and width of an image
                                  (default: those that the preset was made for, else
                                  1x28x28).
          --classes <n>           Classes (default: those that the preset was made for,
                                  else 10).
          --seconds <x>           Seconds for each unit and direction. (default: 0.2)
          --json                  Print the result as JSON.
          --version               Show the version.
          -h, --help              Show help information.


        """)
  }

  @Test func scaling() throws {
    #expect(
      try help(["bench", "scaling"]) == """
        OVERVIEW: Compares thread counts, and shows where a step's time goes.

        Thread counts take turns, so that a slow moment of the machine touches all of
        them. Figures are medians of steps; the parts of a step are means: compute and
        wait are the leader's share of the shards and its wait for the others. Other
        processes cost several threads more than one, since all wait for the last:
        where the fastest step is much faster than the median, the efficiency is
        theirs, not ptrain's ('chrt --rr 5 ptrain bench scaling' runs before them, as
        root).

        Example:
          ptrain bench scaling --model eva8 --threads 1,2,4,8

        USAGE: ptrain bench scaling [--model <name|file.yaml>] [--input <CxHxW>] [--classes <n>] [--batch-size <n>] [--steps <n>] [--warm-up <n>] [--data <dir>] [--json] [--threads <1,2,4>] [--numa <mode>]

        OPTIONS:
          --model <name|file.yaml>
                                  A preset (see 'ptrain models') or a description file
                                  (default: compact).
          --input <CxHxW>         Channels (1 or 3), height and width of an image
                                  (default: those that the preset was made for, else
                                  1x28x28).
          --classes <n>           Classes (default: those that the preset was made for,
                                  else 10).
          --batch-size <n>        Samples of a minibatch (default: the model's recipe).
          --steps <n>             Timed steps. (default: 50)
          --warm-up <n>           Steps before the timed ones. (default: 5)
          --data <dir>            Directory with the IDX files to train on (default:
                                  random images).
          --json                  Print the result as JSON.
          --threads <1,2,4>       Thread counts (default: 1, 2, 4 … up to what ptrain
                                  would use here).
          --numa <mode>           Bind workers to CPUs and buffers to NUMA nodes.
                                  (values: auto, off; default: auto)
          --version               Show the version.
          -h, --help              Show help information.


        """)
  }
}
