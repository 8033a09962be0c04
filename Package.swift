// swift-tools-version: 6.2
// ptrain: modules from bottom to top; an import only ever points down this list.
import PackageDescription

/// Full speed in debug builds too: whole-module, so that helpers of other files are inlined. All
/// code in one LLVM module (the other objects stay empty), without signature specialisation: no
/// weak symbols, of which the linker might keep a wider variant's.
func kernelSettings(_ flags: [String] = []) -> [SwiftSetting] {
  [
    .unsafeFlags(
      ["-Ounchecked", "-disable-batch-mode", "-whole-module-optimization", "-num-threads", "2"]
        + ["-Xfrontend", "-enable-single-module-llvm-emission"]
        + ["-Xllvm", "-sil-disable-pass=function-signature-opts"]
        + flags.flatMap { ["-Xcc", $0] })
  ]
}

/// One folder of kernel source compiled once more for a wider instruction set.
func kernelVariant(_ name: String, condition: String, flags: [String]) -> Target {
  .target(
    name: name, dependencies: ["KernelTypes", "CShims"],
    swiftSettings: kernelSettings(flags) + [.define(condition)])
}

#if arch(x86_64)
  let kernelVariants = [
    kernelVariant("KernelsAVX2", condition: "KERNELS_AVX2", flags: ["-march=x86-64-v3"]),
    kernelVariant(
      "KernelsAVX512", condition: "KERNELS_AVX512",
      flags: ["-march=x86-64-v4", "-mprefer-vector-width=512"]),
  ]
#else
  let kernelVariants: [Target] = []
#endif

/// `Scripts/fuzz` sets PTRAIN_FUZZ: the target links libFuzzer, which no other build has.
let fuzzTargets: [Target] =
  Context.environment["PTRAIN_FUZZ"] == nil
  ? []
  : [
    .executableTarget(
      name: "Fuzz",
      dependencies: [
        "Diagnostics", "Networks", "ImageFiles", "Datasets", "Artifacts", "CShims",
      ], path: "Tests/Fuzz")
  ]

let package = Package(
  name: "ptrain",
  products: [
    .executable(name: "ptrain", targets: ["ptrain"]),
    .library(name: "PTrain", targets: ["PTrain"]),
  ],
  traits: [
    .default(enabledTraits: ["Images", "NUMA", "Spreadsheet"]),
    .trait(name: "Images", description: "Read PNG and JPEG files with libspng and libjpeg-turbo."),
    .trait(name: "NUMA", description: "Bind memory to NUMA nodes with libnuma."),
    .trait(name: "Spreadsheet", description: "Write the workbook with libxlsxwriter."),
    .trait(name: "MPI", description: "Train over several processes with Open MPI."),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
  ],
  targets: [
    .target(name: "CShims"),
    .target(
      name: "CCommit", dependencies: ["CShims"],
      cSettings: [
        .define("PTRAIN_COMMIT", to: "\"\(Context.environment["PTRAIN_COMMIT"] ?? "")\"")
      ]),
    .target(name: "Diagnostics", dependencies: ["CShims"]),
    .systemLibrary(name: "CNuma", providers: [.apt(["libnuma-dev"])]),
    .systemLibrary(name: "CMPI", pkgConfig: "ompi", providers: [.apt(["libopenmpi-dev"])]),
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CXlsxWriter", providers: [.apt(["libxlsxwriter-dev"])]),
    .systemLibrary(name: "CMessageDigest", providers: [.apt(["libmd-dev"])]),
    .systemLibrary(name: "CSpng", providers: [.apt(["libspng-dev"])]),
    // libjpeg-turbo; libjpeg-dev is its name on Debian and Ubuntu alike.
    .target(name: "CJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
    .target(name: "KernelTypes"),
    .target(
      name: "KernelsBaseline", dependencies: ["KernelTypes", "CShims"],
      swiftSettings: kernelSettings()),
  ] + kernelVariants + [
    .target(
      name: "Kernels",
      dependencies: ["Diagnostics", "KernelTypes", "KernelsBaseline", "CShims"]
        + kernelVariants.map { .target(name: $0.name) }),
    .target(
      name: "Memory",
      dependencies: [
        "Diagnostics", "CShims", .target(name: "CNuma", condition: .when(traits: ["NUMA"])),
      ]),
    .target(
      name: "Networks",
      dependencies: ["Diagnostics", "Memory", .product(name: "Yams", package: "Yams")],
      resources: [.embedInCode("Presets")],
      // The reference runs whole training steps in tests; unoptimised it would take minutes.
      swiftSettings: [.unsafeFlags(["-O"], .when(configuration: .debug))]),
    .target(
      name: "ImageFiles",
      dependencies: [
        "Diagnostics", .target(name: "CSpng", condition: .when(traits: ["Images"])),
        .target(name: "CJPEG", condition: .when(traits: ["Images"])),
      ],
      // Every pixel of every file passes through it.
      swiftSettings: [.unsafeFlags(["-O"], .when(configuration: .debug))]),
    .target(
      name: "Datasets",
      dependencies: [
        "Diagnostics", "Memory", "Networks", "ImageFiles", "CZlib", "CMessageDigest",
      ],
      // Whole datasets pass through it; unoptimised, each test on MNIST would wait for seconds.
      swiftSettings: [.unsafeFlags(["-O"], .when(configuration: .debug))]),
    .target(
      name: "Engine",
      dependencies: [
        "Diagnostics", "KernelTypes", "Kernels", "Memory", "Networks", "Datasets", "CShims",
        .target(name: "CMPI", condition: .when(traits: ["MPI"])),
      ]),
    .target(
      name: "Artifacts",
      dependencies: ["Diagnostics", "Memory", "Networks", "ImageFiles", "Datasets", "Engine"]),
    .target(
      name: "Interchange",
      dependencies: [
        "Diagnostics", "Networks", "ImageFiles", "Datasets", "Engine", "Artifacts",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ], exclude: ["Generated/onnx.proto", "Generated/tensorboard.proto"],
      resources: [.embedInCode("C/Runtime")]),
    .target(
      name: "Report",
      dependencies: [
        "Diagnostics", "Networks", "Datasets", "Engine", "Artifacts", "Interchange",
      ],
      resources: [.embedInCode("Page")]),
    .target(
      name: "Spreadsheet", dependencies: ["Diagnostics", "Networks", "CXlsxWriter"],
      resources: [.embedInCode("Spreadsheet.docc/Resources/network.png")]),
    .target(
      name: "PTrain",
      dependencies: [
        "Diagnostics", "Kernels", "Memory", "Networks", "ImageFiles", "Datasets", "Engine",
        "Artifacts", "Interchange",
        .target(name: "Spreadsheet", condition: .when(traits: ["Spreadsheet"])),
      ]),
    .executableTarget(
      name: "ptrain",
      dependencies: [
        "CCommit", "Diagnostics", "KernelTypes", "Kernels", "Memory", "Networks", "ImageFiles",
        "Datasets", "Engine", "Artifacts", "Interchange", "Report",
        .target(name: "Spreadsheet", condition: .when(traits: ["Spreadsheet"])),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(
      name: "PlacementCheck",
      dependencies: ["CShims", "Memory", "Networks", "Datasets", "Engine", "Kernels"],
      path: "Tests/PlacementCheck"),
    .testTarget(
      name: "KernelsTests", dependencies: ["Diagnostics", "Kernels", "KernelTypes"],
      // Plain loops in Double over whole convolutions.
      swiftSettings: [.unsafeFlags(["-O"], .when(configuration: .debug))]),
    .testTarget(name: "MemoryTests", dependencies: ["Memory", "Diagnostics"]),
    .testTarget(
      name: "NetworksTests", dependencies: ["Diagnostics", "Memory", "Networks"],
      resources: [.copy("Golden")]),
    .testTarget(
      name: "ImageFilesTests", dependencies: ["Diagnostics", "ImageFiles", "CZlib"],
      exclude: ["make_images.py", "image_writers.py"],
      resources: [.copy("Images")]),
    .testTarget(
      name: "DatasetsTests",
      dependencies: ["Datasets", "Diagnostics", "ImageFiles", "Memory", "Networks", "CZlib"]),
    .testTarget(
      name: "EngineTests",
      dependencies: [
        "Diagnostics", "KernelTypes", "Kernels", "Memory", "Networks", "Datasets", "Engine",
      ],
      resources: [.copy("Golden")]),
    .testTarget(
      name: "ArtifactsTests",
      dependencies: [
        "Diagnostics", "Memory", "Networks", "ImageFiles", "Datasets", "Engine", "Artifacts",
      ]),
    .testTarget(
      name: "FuzzTests",
      dependencies: ["Diagnostics", "Networks", "ImageFiles", "Datasets", "Artifacts"],
      resources: [.copy("Seeds")]),
    .testTarget(
      name: "InterchangeTests",
      dependencies: [
        "Diagnostics", "Memory", "Networks", "ImageFiles", "Datasets", "Engine", "Artifacts",
        "Interchange",
      ]),
    .testTarget(
      name: "ReportTests",
      dependencies: [
        "Diagnostics", "Kernels", "Memory", "Networks", "Datasets", "Engine", "Artifacts",
        "Interchange", "Report",
      ]),
    .testTarget(name: "PTrainTests", dependencies: ["PTrain"]),
    .testTarget(name: "SpreadsheetTests", dependencies: ["Diagnostics", "Spreadsheet"]),
    .testTarget(
      name: "ptrainTests",
      dependencies: ["Networks", "Datasets", "Artifacts", "CZlib", "ptrain"],
      resources: [.copy("Help")]),
  ] + fuzzTargets,
  swiftLanguageModes: [.v6]
)

// Optimised tests reach internals too. Kernel modules keep theirs hidden: visible types would bring
// weak symbols, compiled for a wider instruction set than others that use them may have.
if Context.environment["PTRAIN_TESTABLE"] != nil {
  for target in package.targets
  where target.type == .regular && !target.name.hasPrefix("Kernels") {
    target.swiftSettings = (target.swiftSettings ?? []) + [.unsafeFlags(["-enable-testing"])]
  }
}

/// `Scripts/check --sanitize KIND TESTS` sets PTRAIN_TESTS: the package is that test target then, and what
/// it stands on.
if let tests = Context.environment["PTRAIN_TESTS"] {
  var (needed, open) = (Set<String>(), [tests])
  while let name = open.popLast() {
    guard needed.insert(name).inserted else { continue }
    for dependency in package.targets.first(where: { $0.name == name })?.dependencies ?? [] {
      switch dependency {
      case .byNameItem(let name, _), .targetItem(let name, _): open.append(name)
      default: break
      }
    }
  }
  package.targets.removeAll { !needed.contains($0.name) }
  package.products = []
}
