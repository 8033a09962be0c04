// What is understood of metrics files, whole, resumed, cut off or of another version.

import PTrainReport
import Testing

@Suite struct HistoryTests {
  private func history(_ text: String) -> RunHistory { RunHistory(lines: Array(text.utf8)) }

  @Test func tellsTheLinesApart() {
    let history = history(twoEpochs)
    #expect(history.start?.threads == 2)
    #expect(history.start?.seed == 7)
    #expect(history.epochs.map(\.epoch) == [1, 2])
    #expect(history.epochs[0].trainLoss == 1.5)
    #expect(history.epochs[1].trainLoss == nil)
    #expect(history.isFinished)
    #expect(history.best?.epoch == 1)
    #expect(history.trainingSeconds == 6)
  }

  @Test func passesOverWhatIsNoLine() {
    let text = """
      {"event":"later","what":1}
      {"event":"epoch","epoch":1,"test_accuracy":"high"}
      []

      {"event":"epoch","epoch":2,"test_accuracy":60,"more":{"a":[1]}}
      {"event":"resume","epoch":3}
      {"event":"epoch","epoch":2,"test_accuracy":99}
      {"event":"epoch","epoch":3,"test_accuracy":60}
      {"event":"epoch","epoch":4,"test_acc
      """
    let history = history(text)
    #expect(history.start == nil)
    #expect(history.epochs.map(\.epoch) == [2, 3])
    #expect(history.epochs.map(\.testAccuracy) == [60, 60])
    #expect(history.resumedEpochs == [3])
    #expect(!history.isFinished)
    #expect(history.best?.epoch == 2)
  }

  @Test func anEmptyFileIsARunWithoutEpochs() {
    let history = history("")
    #expect(history == RunHistory())
    #expect(history.best == nil)
  }
}
