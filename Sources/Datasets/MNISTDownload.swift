// Where the original MNIST can be fetched and how its files are known.
// Digests are of the decompressed files, because mirrors compress them differently.

extension Download {
  /// The four original files (LeCun, Cortes, Burges) from two package mirrors.
  package static let mnist = Download(
    mirrors: [
      "https://ossci-datasets.s3.amazonaws.com/mnist",
      "https://storage.googleapis.com/cvdf-datasets/mnist",
    ],
    files: [
      RemoteFile(
        name: "train-images-idx3-ubyte.gz",
        sha256: "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        byteCount: 47_040_016),
      RemoteFile(
        name: "train-labels-idx1-ubyte.gz",
        sha256: "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        byteCount: 60_008),
      RemoteFile(
        name: "t10k-images-idx3-ubyte.gz",
        sha256: "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        byteCount: 7_840_016),
      RemoteFile(
        name: "t10k-labels-idx1-ubyte.gz",
        sha256: "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        byteCount: 10_008),
    ])
}
