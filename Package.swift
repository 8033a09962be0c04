// swift-tools-version: 6.2
// ptrain: modules from bottom to top; an import only ever points down this list. Modules bear the package's name,
// because a program may have an Engine of its own, and two modules of one name cannot be built together.
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
    name: name, dependencies: ["PTrainKernelTypes", "CPTrainShims"],
    swiftSettings: kernelSettings(flags) + [.define(condition)])
}

/// `Scripts/fuzz` sets PTRAIN_FUZZ: its build has a target that links libFuzzer, and no wide kernels, which take a
/// third of its time and which no parser calls.
let isFuzzing = Context.environment["PTRAIN_FUZZ"] != nil

#if arch(x86_64)
  let kernelVariants =
    isFuzzing
    ? []
    : [
      kernelVariant("PTrainKernelsAVX2", condition: "KERNELS_AVX2", flags: ["-march=x86-64-v3"]),
      kernelVariant(
        "PTrainKernelsAVX512", condition: "KERNELS_AVX512",
        flags: ["-march=x86-64-v4", "-mprefer-vector-width=512"]),
    ]
#else
  let kernelVariants: [Target] = []
#endif

let fuzzTargets: [Target] =
  isFuzzing
  ? [
    .executableTarget(
      name: "Fuzz",
      dependencies: [
        "CPTrainShims", "PTrainDiagnostics", "PTrainNetworks", "PTrainImageFiles", "PTrainDatasets",
        "PTrainArtifacts",
      ], path: "Tests/Fuzz")
  ]
  : []

let package = Package(
  name: "ptrain",
  products: [
    .executable(name: "ptrain", targets: ["PTrainCommand"]),
    .library(name: "PTrain", targets: ["PTrain"]),
  ],
  traits: [
    .default(enabledTraits: ["Images", "NUMA", "Spreadsheet"]),
    .trait(name: "Images", description: "Read PNG and JPEG files with libspng and libjpeg-turbo."),
    .trait(name: "NUMA", description: "Bind memory to NUMA nodes with libnuma."),
    .trait(name: "Spreadsheet", description: "Write the workbook with libxlsxwriter."),
    .trait(name: "MPI", description: "Train over several processes with Open MPI."),
    .trait(
      name: "Portable",
      description: "Do without what Linux alone has: futexes, thread affinity, libnuma."),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
  ],
  targets: [
    .target(name: "CPTrainShims"),
    .target(name: "PTrainCLibrary"),
    .target(name: "PTrainFoundation"),
    .target(
      name: "CPTrainCommit", dependencies: ["CPTrainShims"],
      cSettings: [
        .define("PTRAIN_COMMIT", to: "\"\(Context.environment["PTRAIN_COMMIT"] ?? "")\"")
      ]),
    .target(name: "PTrainDiagnostics", dependencies: ["PTrainCLibrary", "CPTrainShims"]),
    .systemLibrary(name: "CPTrainNuma", providers: [.apt(["libnuma-dev"])]),
    .systemLibrary(name: "CPTrainMPI", pkgConfig: "ompi", providers: [.apt(["libopenmpi-dev"])]),
    .systemLibrary(name: "CPTrainZlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CPTrainXlsxWriter", providers: [.apt(["libxlsxwriter-dev"])]),
    .systemLibrary(name: "CPTrainMessageDigest", providers: [.apt(["libmd-dev"])]),
    .systemLibrary(name: "CPTrainSpng", providers: [.apt(["libspng-dev"])]),
    // libjpeg-turbo; libjpeg-dev is its name on Debian and Ubuntu alike.
    .target(name: "CPTrainJPEG", linkerSettings: [.linkedLibrary("jpeg")]),
    .target(name: "PTrainKernelTypes"),
    .target(
      name: "PTrainKernelsBaseline", dependencies: ["PTrainKernelTypes", "CPTrainShims"],
      swiftSettings: kernelSettings()),
  ] + kernelVariants + [
    .target(
      name: "PTrainKernels",
      dependencies: [
        "CPTrainShims", "PTrainDiagnostics", "PTrainKernelTypes", "PTrainKernelsBaseline",
      ]
        + kernelVariants.map { .target(name: $0.name) },
      swiftSettings: kernelVariants.isEmpty ? [] : [.define("WIDE_KERNELS")]),
    .target(
      name: "PTrainMemory",
      dependencies: [
        "CPTrainShims", "PTrainCLibrary", "PTrainFoundation", "PTrainDiagnostics",
        .target(name: "CPTrainNuma", condition: .when(traits: ["NUMA"])),
      ]),
    .target(
      name: "PTrainNetworks",
      dependencies: ["PTrainDiagnostics", "PTrainMemory", .product(name: "Yams", package: "Yams")],
      resources: [.embedInCode("Presets")],
      // The reference runs whole training steps in tests; unoptimised it would take minutes.
      swiftSettings: [.unsafeFlags(["-O"], .when(configuration: .debug))]),
    .target(
      name: "PTrainImageFiles",
      dependencies: [
        "PTrainCLibrary", "PTrainDiagnostics",
        .target(name: "CPTrainSpng", condition: .when(traits: ["Images"])),
        .target(name: "CPTrainJPEG", condition: .when(traits: ["Images"])),
      ],
      // Every pixel of every file passes through it.
      swiftSettings: [.unsafeFlags(["-O"], .when(configuration: .debug))]),
    .target(
      name: "PTrainDatasets",
      dependencies: [
        "CPTrainShims", "PTrainCLibrary", "PTrainDiagnostics", "PTrainMemory", "PTrainNetworks",
        "PTrainImageFiles", "CPTrainZlib", "CPTrainMessageDigest",
      ],
      // Whole datasets pass through it; unoptimised, each test on MNIST would wait for seconds.
      swiftSettings: [.unsafeFlags(["-O"], .when(configuration: .debug))]),
    .target(
      name: "PTrainEngine",
      dependencies: [
        "CPTrainShims", "PTrainCLibrary", "PTrainDiagnostics", "PTrainKernelTypes", "PTrainKernels",
        "PTrainMemory", "PTrainNetworks", "PTrainDatasets",
        .target(name: "CPTrainMPI", condition: .when(traits: ["MPI"])),
      ]),
    .target(
      name: "PTrainArtifacts",
      dependencies: [
        "PTrainCLibrary", "PTrainFoundation", "PTrainDiagnostics", "PTrainMemory", "PTrainNetworks",
        "PTrainImageFiles", "PTrainDatasets", "PTrainEngine",
      ]),
    .target(
      name: "PTrainInterchange",
      dependencies: [
        "PTrainCLibrary", "PTrainFoundation", "PTrainDiagnostics", "PTrainMemory", "PTrainNetworks",
        "PTrainImageFiles", "PTrainDatasets", "PTrainEngine", "PTrainArtifacts",
        .product(name: "SwiftProtobuf", package: "swift-protobuf"),
      ], exclude: ["Generated/onnx.proto", "Generated/tensorboard.proto"],
      resources: [.embedInCode("C/Runtime"), .embedInCode("Quantization/Programs/Swift")],
      // Calibration and the integer interpreter run whole networks on hundreds of images.
      swiftSettings: [.unsafeFlags(["-O"], .when(configuration: .debug))]),
    .target(
      name: "PTrainReport",
      dependencies: [
        "PTrainCLibrary", "PTrainFoundation", "PTrainDiagnostics", "PTrainNetworks",
        "PTrainDatasets", "PTrainEngine", "PTrainArtifacts", "PTrainInterchange",
      ],
      resources: [.embedInCode("Page")]),
    .target(
      name: "PTrainSpreadsheet",
      dependencies: ["PTrainCLibrary", "PTrainDiagnostics", "PTrainNetworks", "CPTrainXlsxWriter"],
      resources: [.embedInCode("Spreadsheet.docc/Resources/network.png")]),
    .target(
      name: "PTrain",
      dependencies: [
        "PTrainCLibrary", "PTrainFoundation", "PTrainDiagnostics", "PTrainKernels", "PTrainMemory",
        "PTrainNetworks", "PTrainImageFiles", "PTrainDatasets", "PTrainEngine", "PTrainArtifacts",
        "PTrainInterchange",
        .target(name: "PTrainSpreadsheet", condition: .when(traits: ["Spreadsheet"])),
      ]),
    .executableTarget(
      name: "PTrainCommand",
      dependencies: [
        "CPTrainShims", "PTrainCLibrary", "PTrainFoundation", "PTrain", "CPTrainCommit",
        "PTrainDiagnostics", "PTrainKernelTypes", "PTrainKernels", "PTrainMemory",
        "PTrainImageFiles", "PTrainEngine", "PTrainArtifacts", "PTrainInterchange", "PTrainReport",
        .target(name: "PTrainSpreadsheet", condition: .when(traits: ["Spreadsheet"])),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      // A release brings its libraries along, in lib beside bin: RPATH, which holds for theirs too.
      linkerSettings: [
        .unsafeFlags(
          ["-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../lib", "-Xlinker", "--disable-new-dtags"],
          .when(platforms: [.linux]))
      ]),
    .executableTarget(
      name: "PTrainPlacementCheck",
      dependencies: [
        "CPTrainShims", "PTrainMemory", "PTrainNetworks", "PTrainDatasets", "PTrainEngine",
        "PTrainKernels",
      ],
      path: "Tests/PlacementCheck"),
    .testTarget(
      name: "KernelsTests",
      dependencies: ["PTrainDiagnostics", "PTrainKernels", "PTrainKernelTypes"],
      exclude: ["Digests/kernel-digests.txt"],
      // Plain loops in Double over whole convolutions.
      swiftSettings: [.unsafeFlags(["-O"], .when(configuration: .debug))]),
    .testTarget(name: "MemoryTests", dependencies: ["PTrainMemory", "PTrainDiagnostics"]),
    .testTarget(
      name: "NetworksTests", dependencies: ["PTrainDiagnostics", "PTrainMemory", "PTrainNetworks"],
      resources: [.copy("Golden")]),
    .testTarget(
      name: "ImageFilesTests",
      dependencies: ["PTrainDiagnostics", "PTrainImageFiles", "CPTrainZlib"],
      exclude: ["make_images.py", "image_writers.py"],
      resources: [.copy("Images")]),
    .testTarget(
      name: "DatasetsTests",
      dependencies: [
        "PTrainDatasets", "PTrainDiagnostics", "PTrainImageFiles", "PTrainMemory", "PTrainNetworks",
        "CPTrainZlib",
      ]),
    .testTarget(
      name: "EngineTests",
      dependencies: [
        "PTrainDiagnostics", "PTrainKernelTypes", "PTrainKernels", "PTrainMemory", "PTrainNetworks",
        "PTrainDatasets", "PTrainEngine",
      ],
      resources: [.copy("Golden")]),
    .testTarget(
      name: "ArtifactsTests",
      dependencies: [
        "PTrainDiagnostics", "PTrainMemory", "PTrainNetworks", "PTrainImageFiles", "PTrainDatasets",
        "PTrainEngine", "PTrainArtifacts",
      ]),
    .testTarget(
      name: "FuzzTests",
      dependencies: [
        "PTrainDiagnostics", "PTrainNetworks", "PTrainImageFiles", "PTrainDatasets",
        "PTrainArtifacts",
      ],
      resources: [.copy("Seeds")]),
    .testTarget(
      name: "InterchangeTests",
      dependencies: [
        "PTrainDiagnostics", "PTrainMemory", "PTrainNetworks", "PTrainImageFiles", "PTrainDatasets",
        "PTrainEngine", "PTrainArtifacts", "PTrainInterchange",
      ]),
    .testTarget(
      name: "ReportTests",
      dependencies: [
        "PTrainDiagnostics", "PTrainKernels", "PTrainMemory", "PTrainNetworks", "PTrainDatasets",
        "PTrainEngine", "PTrainArtifacts", "PTrainInterchange", "PTrainReport",
      ]),
    .testTarget(name: "PTrainTests", dependencies: ["PTrain"]),
    .testTarget(
      name: "SpreadsheetTests", dependencies: ["PTrainDiagnostics", "PTrainSpreadsheet"]),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "PTrainNetworks", "PTrainDatasets", "PTrainArtifacts", "CPTrainZlib", "PTrainCommand",
      ],
      resources: [.copy("Help")]),
  ] + fuzzTargets,
  swiftLanguageModes: [.v6]
)

// A module's folder has its name without the package's.
for target in package.targets where target.type != .test && target.path == nil {
  guard target.name != "PTrain" else { continue }
  target.path = "Sources/" + target.name.replacing("PTrain", with: "")
}

// Optimised tests reach internals too. Kernel modules keep theirs hidden: visible types would bring
// weak symbols, compiled for a wider instruction set than others that use them may have.
if Context.environment["PTRAIN_TESTABLE"] != nil {
  for target in package.targets
  where target.type == .regular && !target.name.hasPrefix("PTrainKernels") {
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
  package.products.removeAll { $0.name != "ptrain" || !needed.contains("PTrainCommand") }
}
