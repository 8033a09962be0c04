// What stands in a page, and what must not.

import FoundationEssentials
import PTrainArtifacts
import PTrainDatasets
import PTrainDiagnostics
import PTrainEngine
import PTrainNetworks
import PTrainReport
import Testing

@Suite struct PageTests {
  private func count(_ part: String, in html: [UInt8]) -> Int {
    String(decoding: html, as: UTF8.self).ranges(of: part).count
  }

  /// Names come from folders and files of others.
  @Test func noNameBecomesMarkup() throws {
    let names = ["</script><script>alert(1)</script>", "<!--<script>", "<img>\"b\\c\u{2028}\u{1}"]
    let hostile = try SampleRun(model(plainLayers, classNames: names), inside: "a</script>b'$(c)")
    let html = try hostile.page().html
    let plain = try SampleRun().page().html
    for part in ["<script", "</script", "<!--", "<img"] {
      #expect(count(part, in: html) == count(part, in: plain), "\(part)")
    }
    #expect(try PageContent(html: html).classes == names)
  }

  @Test func pathsAreWordsOfAShell() throws {
    let run = try SampleRun(inside: "it's $(here)")
    let content = try run.content(.stopped)
    let path = run.directory.path
    let word = "'" + path.replacing("'", with: #"'\''"#) + "'"
    #expect(content.commands[0].code == "ptrain --resume \(word)")
    #expect(content.commands.last?.code == "ptrain report \(word)")
    let torch = try #require(content.commands.first { $0.title.contains("PyTorch") })
    #expect(torch.code.contains("p = load_file(\"\(path)/model.safetensors\")"))
  }

  @Test func asksForNothingOutside() throws {
    let html = String(decoding: try SampleRun().page().html, as: UTF8.self)
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    #expect(html.contains(policy))
    let addresses = html.matches(of: /https?:\/\/[^"'\s]*/).map { String($0.output) }
    #expect(Set(addresses) == ["http://www.w3.org/2000/svg"])
    let sources = html.matches(of: /<[^>]*(?:src|href)="([^"#][^"]*)"/).map { $0.output.1 }
    #expect(sources.allSatisfy { $0.hasPrefix("data:") })
    #expect(!html.contains("<!--{"))
  }

  @Test func tellsARunThatHasEnded() throws {
    let content = try SampleRun().content()
    #expect(content.status == "Finished after 2 epochs")
    #expect(content.lead == "33 parameters, trained on MNIST for 2 epochs with seed 7.")
    #expect(content.epochs.trainLoss == [1.5, nil])
    #expect(content.epochs.testAccuracy == [75, 50])
    #expect(content.epochs.validationLoss == [nil, nil])
    #expect(content.confusion == [[1, 1, 0], [0, 1, 0], [1, 0, 0]])
    #expect(content.figures[0].value == "50.00 %")
    #expect(content.figures[0].note == "2 of 4 wrong")
    #expect(content.figures[1].note == "epoch 1")
    #expect(content.facts.map(\.title) == ["Model", "Data", "Recipe", "Machine"])
    #expect(!content.preparesDigits)
  }

  @Test func namesWhatTheRecipeChanges() throws {
    let recipe = "{freeze: 1, classWeights: {b: 2, a: 0.5}, labelSmoothing: 0.1, quantize: int8}"
    let content = try SampleRun(model(plainLayers, recipe: recipe)).content()
    let facts = try #require(content.facts.first { $0.title == "Recipe" }).facts
    for fact in [
      ["Class weights", "a 0.5, b 2.0"], ["Frozen layers", "1"], ["Label smoothing", "0.1"],
      ["Epochs for int8", "the last 5"],
    ] {
      #expect(facts.contains(fact))
    }
  }

  /// With a validation set the model is not the last epoch's.
  @Test func tellsOfTheEpochWhoseModelItIs() throws {
    let model = try model(plainLayers)
    let metrics = twoEpochs.replacing(
      "\"seconds\":2}", with: "\"seconds\":2,\"digest\":\"\(model.state.digest)\"}")
    let figures = try SampleRun(model, metrics: metrics).content().figures
    #expect(figures[0].value == "75.00 %")
    #expect(figures[0].note == "1 of 4 wrong")
    #expect(figures[1].value == "Epoch 1")
  }

  @Test func tellsARunOfOneEpochThatGoesOn() throws {
    let metrics = twoEpochs.split(separator: "\n").prefix(2).joined(separator: "\n")
    let content = try SampleRun(metrics: metrics).content(.running)
    #expect(content.state == "running")
    #expect(content.status == "Training: epoch 1 of 2 is done, about 00:02 left")
    #expect(content.lead.contains("for 1 epoch with"))
    #expect(!content.figures.contains { $0.name == "Best epoch" })
    #expect(!content.commands.contains { $0.code.contains("--resume") })
  }

  @Test func tellsWhereARunWasResumed() throws {
    let lines = twoEpochs.split(separator: "\n")
    let resume = "{\"event\":\"resume\",\"epoch\":2,\"step\":0}"
    let metrics = (lines[..<2] + [Substring(resume)] + lines[2...]).joined(separator: "\n")
    #expect(try SampleRun(metrics: metrics).content().resumes == [2])
  }

  /// Infinite and missing values become `null`, never text that is no JSON.
  @Test func numbersThatAreNone() throws {
    let metrics = """
      {"event":"epoch","epoch":1,"test_loss":1e999,"seconds":null}
      {"event":"epoch","epoch":2,"test_accuracy":100,"images_per_second":1e300,"seconds":1}
      """
    let content = try SampleRun(metrics: metrics).content(.stopped)
    #expect(content.epochs.epoch.last == 2)
    #expect(content.epochs.testAccuracy.last == 100)
  }

  @Test func withoutAnEvaluationOfThisModel() throws {
    let none = try SampleRun(evaluation: nil)
    #expect(try none.content().confusion == nil)
    #expect(try none.content().mistakes == nil)
    #expect(try none.content().classes == ["a", "b", "c"])
    let other = try SampleRun()
    try model(plainLayers.replacing("filters: 2", with: "filters: 3"))
      .write(to: other.directory.modelPath)
    #expect(try other.content().confusion == nil)
    try writeFile(other.directory.evaluationPath, Array("{".utf8))
    #expect(try other.content().confusion == nil)
  }

  @Test func aRunWithoutAModelHasNoPage() throws {
    let run = try SampleRun()
    try writeFile(run.directory.modelPath, [])
    let error = #expect(throws: Failure.self) { try run.page() }
    #expect(error?.kind == .badData)
  }
}
