// A program of another package that turns text into bytes, such as gnuplot.
// Anonymous temporary files instead of pipes: no deadlock, no broken pipe, nothing left behind.
import PTrainCLibrary

/// A program that another package installs.
package struct ExternalProgram {
  private let name: String
  private let arguments: [String]
  private let debianPackage: String

  package init(name: String, arguments: [String] = [], debianPackage: String) {
    self.name = name
    self.arguments = arguments
    self.debianPackage = debianPackage
  }

  package static let gnuplot = ExternalProgram(
    name: "gnuplot", arguments: ["--default-settings"], debianPackage: "gnuplot-nox")

  /// Standard output of the program fed with `input`.
  ///
  /// Throws a `Failure` of kind `cannotCreate` that begins with "cannot `purpose`" when the program
  /// is not installed or ends with an error.
  package func run(input: String, purpose: String) throws(Failure) -> [UInt8] {
    let (source, output, errors) = try (TemporaryFile(), TemporaryFile(), TemporaryFile())
    try source.write(input)
    let status = try start(source, output, errors, purpose: purpose).wait()
    guard status == 0 else {
      let messages = String(decoding: try errors.contents(), as: UTF8.self)
      let reason = messages.split(separator: "\n").last { !$0.allSatisfy(\.isWhitespace) }
      throw Failure(.cannotCreate, "cannot \(purpose): \(name): \(reason ?? "status \(status)")")
    }
    return try output.contents()
  }

  private var path: String {
    getenv("PATH").map { String(cString: $0) } ?? "/usr/local/bin:/usr/bin:/bin"
  }

  private func start(
    _ input: TemporaryFile, _ output: TemporaryFile, _ errors: TemporaryFile, purpose: String
  ) throws(Failure) -> ChildProcess {
    do {
      // Nothing that the user has set up for the program changes what it makes.
      return try ChildProcess(
        name, arguments: arguments, input: input, output: output, errors: errors,
        environment: [("PATH", path), ("LC_ALL", "C.UTF-8")])
    } catch {
      throw Failure(
        .cannotCreate,
        error.code == ENOENT
          ? "cannot \(purpose): \(name) is not installed; on Debian and Ubuntu: apt-get install "
            + debianPackage
          : "cannot \(purpose): \(name): \(systemReason(error.code))")
    }
  }
}

/// What gnuplot calls the kind of picture, and the size that suits it.
package enum PlotFormat: String, CaseIterable, Sendable {
  case png, svg

  /// By the end of a name; throws `usage` for any other than `.png` and `.svg`.
  package init(path: String) throws(Failure) {
    let format = Self.allCases.first { path.lowercased().hasSuffix(".\($0.rawValue)") }
    guard let format else {
      throw Failure(
        .usage, naming: .plot, ": expected a name ending in .png or .svg, found \(path)")
    }
    self = format
  }

  package var terminal: String {
    switch self {
    case .png: "pngcairo size 1600,900 font \"Sans,20\" linewidth 2"
    case .svg: "svg size 1200,675 font \"Sans,17\" linewidth 1.5 background \"white\""
    }
  }
}
