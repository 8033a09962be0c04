// Whatever asks a run to end leaves a checkpoint, and the line that is printed goes on with it.

import Foundation
import Testing

extension ResumeTests {
  @Test(arguments: [SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGUSR1, SIGUSR2, SIGXCPU, SIGALRM])
  func goesOnAfterASignal(signal: Int32) throws {
    // The tests themselves may run under nohup.
    let launcher = signal == SIGHUP ? ["env", "--default-signal=HUP"] : []
    let (code, errors) = try interrupt("run", with: signal, launcher: launcher)
    #expect(code == 128 + signal)
    let command = "\(CommandLineRun.binary) --resume run"
    #expect(errors.hasSuffix("ptrain: interrupted; go on with: \(command)\n"))
    #expect(try resume("run", ["--threads", "3"]).exitCode == 0)
    #expect(try digest("run") == expectedDigest())
    let epochs = try lines("run").filter { $0.contains(#""event":"epoch""#) }
    #expect(epochs.count == epochCount)
    #expect(try lines("run").contains { $0.contains(#""event":"resume""#) })
  }

  /// As `timeout` does it: to the process, and to its group.
  @Test func askingTwiceAtOnceIsAskingOnce() throws {
    let (code, errors) = try interrupt("run", with: SIGTERM, count: 2)
    #expect(code == 128 + SIGTERM)
    #expect(errors.contains("go on with: "))
  }

  @Test func nohupIsObeyed() throws {
    let ended = try interrupt("run", with: SIGHUP, launcher: ["env", "--ignore-signal=HUP"])
    #expect(ended.exitCode == 0, "\(ended.errors)")
    #expect(try digest("run") == expectedDigest())
  }

  @Test(arguments: ["a run's $HOME", "-run", "new\nline"])
  func theResumeCommandIsOneForTheShell(run: String) throws {
    let program = scratch.url.appendingPathComponent("my ptrain").path
    try FileManager.default.createSymbolicLink(
      atPath: program, withDestinationPath: CommandLineRun.binary)
    let (code, errors) = try interrupt(run, with: SIGTERM, binary: program)
    try #require(code == 128 + SIGTERM, "\(errors)")
    let resumed = try runCommand(in: errors)
    #expect(resumed.exitCode == 0, "\(resumed.errors)")
  }

  /// The terminal's other end goes away in the middle of the first epoch.
  @Test func aClosedTerminalLeavesACheckpoint() throws {
    var data = SampleData()
    (data.files[0], data.files[1]) = (
      SampleData.images(count: 4000), SampleData.labels(count: 4000)
    )
    try data.write(to: scratch)
    let arguments = "--model tiny --data data --epochs 2 --batch-size 1"
    // As an interactive shell does it: the hang-up is passed on to what it has started.
    let inside = """
      trap 'kill -HUP $!' HUP; "\(CommandLineRun.binary)" \(arguments) --output run & wait; wait $!; \
      echo $? >code
      """
    let terminal = try CommandLineRun.start(
      ["-qec", inside, "/dev/null"], in: scratch, launcher: ["env"], binary: "script")
    while terminal.isRunning, (try? scratch.names("run").contains("metrics.jsonl")) != true {
      usleep(500)
    }
    kill(terminal.processIdentifier, SIGKILL)
    _ = terminal.finish()
    while (try? scratch.text(of: "code").hasSuffix("\n")) != true { usleep(1000) }
    #expect(try scratch.text(of: "code") == "129\n")
    #expect(try scratch.names("run/checkpoint").count == 1)
    #expect(try resume("run").exitCode == 0)
  }
}
