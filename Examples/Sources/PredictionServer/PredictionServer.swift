// Answers about pictures as a server does: many requests at once, one predictor for all of them.
// Where a framework would hand over a request's body, this reads a file.
//
//     PredictionServer model.safetensors digit.png photo.jpg …

import Foundation
import PTrain

/// What a web framework's route calls.
struct Handler: Sendable {
  let predictor: Predictor

  /// A JSON object for the bytes of a picture; a wrong one is the client's fault, not the server's.
  func answer(to body: [UInt8]) async -> String {
    do {
      let prediction = try predictor.classify(Image(encoded: body, name: "request"))
      let percent = (100 * prediction.probability).formatted(.number.precision(.fractionLength(2)))
      return #"{"label": "\#(prediction.label)", "percent": \#(percent)}"#
    } catch {
      return #"{"error": "\#(error)"}"#
    }
  }
}

@main struct PredictionServer {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count > 2 else {
      return print("usage: PredictionServer MODEL.safetensors PICTURE …")
    }
    let model = try TrainedModel(contentsOf: arguments[1])
    // As many threads as requests are to share; one is enough for small networks.
    let handler = Handler(predictor: try Predictor(model, machine: Machine(threadCount: 1)))
    let answers = await withTaskGroup(of: (Int, String).self) { requests in
      for (index, path) in arguments.dropFirst(2).enumerated() {
        requests.addTask {
          let body = try? Data(contentsOf: URL(filePath: path))
          return (index, await handler.answer(to: body.map { [UInt8]($0) } ?? []))
        }
      }
      var answers: [Int: String] = [:]
      for await (index, answer) in requests { answers[index] = answer }
      return answers
    }
    for (index, path) in arguments.dropFirst(2).enumerated() {
      print("\(path): \(answers[index]!)")
    }
  }
}
