// swift-tools-version: 6.2
// Programs that train and ask networks; each is one file. Another package names ptrain by its address
// instead: .package(url: "…", from: "0.1.0"). With --traits Portable they stand on what every system has.
import PackageDescription

let package = Package(
  name: "Examples",
  traits: [.trait(name: "Portable")],
  dependencies: [
    .package(
      name: "ptrain", path: "..",
      traits: [.defaults, .trait(name: "Portable", condition: .when(traits: ["Portable"]))])
  ],
  targets: ["TrainOnFolder", "PredictionServer", "EarlyStop", "SpreadsheetNetwork"].map { name in
    .executableTarget(name: name, dependencies: [.product(name: "PTrain", package: "ptrain")])
  },
  swiftLanguageModes: [.v6]
)
