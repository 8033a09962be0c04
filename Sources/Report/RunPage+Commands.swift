// How to go on with the model: commands and programs that do what they say when they are copied, whatever
// the paths hold.

import PTrainArtifacts
import PTrainNetworks

extension RunPage {
  var commands: [JSONText] {
    let goingOn = state == .stopped ? [resumeCommand] : []
    return goingOn + [predictCommand, evalCommand, onnxCommand, torchCommand, reportCommand]
  }

  private func command(_ title: String, _ note: String?, _ lines: [String]) -> JSONText {
    .object([
      "title": .string(title), "note": note.map { .string($0) } ?? .null,
      "code": .string(lines.joined(separator: "\n")),
    ])
  }

  /// The program with its arguments, as words of a shell.
  private func line(_ words: [String]) -> String {
    ([program] + words).map(\.shellWord).joined(separator: " ")
  }

  private var dataWords: [String] { settings?.dataPath.map { ["--data", $0] } ?? [] }

  private var resumeCommand: JSONText {
    command("Go on with the run", nil, [line(["--resume", directory.path])])
  }

  private var predictCommand: JSONText {
    command(
      "Ask it about pictures", "Files, folders of them, or IDX files.",
      [line(["predict", "--model", directory.modelPath, "picture.png"])])
  }

  private var evalCommand: JSONText {
    command(
      "Test it again", "On other data of the same form, name that with --data.",
      [line(["eval", "--checkpoint", directory.modelPath] + dataWords)])
  }

  private var reportCommand: JSONText {
    command("Write this page again", nil, [line(["report", directory.path])])
  }

  // MARK: Python

  /// A text as Python, and JSON, write it.
  private func quoted(_ text: String) -> String { JSONText.string(text).text }

  /// Lines that read a picture as `image`, float32 `[1, C, H, W]` from 0 to 255.
  private func readingLines(asTensor wrap: (String) -> String) -> [String] {
    let input = model.network.input
    guard model.normalization.pixelType == .byte, [1, 3].contains(input.channels) else {
      let shape = "(1, \(input.channels), \(input.height), \(input.width))"
      return ["image = " + wrap("numpy.zeros(\(shape), dtype=\"float32\")") + "  # as in training"]
    }
    let mode = input.channels == 1 ? "L" : "RGB"
    let axes = input.channels == 1 ? "[None, None]" : ".transpose(2, 0, 1)[None]"
    return [
      "picture = Image.open(\"picture.png\").convert(\"\(mode)\")"
        + ".resize((\(input.width), \(input.height)))",
      "image = " + wrap("numpy.asarray(picture, dtype=\"float32\")\(axes)"),
    ]
  }

  private var onnxCommand: JSONText {
    let path = directory.path + "/model.onnx"
    let export = line([
      "export", "--checkpoint", directory.modelPath, "--output", path, "--normalize",
    ])
    return command(
      "Use it with ONNX Runtime", "The shell’s line first, then Python’s.",
      [
        export, "", "import numpy, onnxruntime", "from PIL import Image", "",
        "session = onnxruntime.InferenceSession(\(quoted(path)))",
      ] + readingLines { $0 } + ["print(session.run(None, {\"input\": image})[0])"])
  }

  private var torchCommand: JSONText {
    let head = [
      "import numpy, torch", "import torch.nn.functional as F", "from PIL import Image",
      "from safetensors.torch import load_file", "",
      "p = load_file(\(quoted(directory.modelPath)))", "", "",
    ]
    return command(
      "Use it with PyTorch", "The same network on the tensors of the model file.",
      head + TorchCode(model).lines + ["", ""]
        + readingLines { "torch.from_numpy(\($0).copy())" } + ["print(logits(image))"])
  }
}
