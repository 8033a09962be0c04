// What bash completes; Scripts/check-completions presses the tab key in zsh and fish too.

import Foundation
import Testing

@Suite struct CompletionTests {
  /// The candidates of bash for a line that ends at the cursor.
  private func completions(_ line: String) throws -> [String] {
    let scratch = try Scratch()
    for name in ["my-net.yaml", "model.safetensors", "notes.txt"] {
      try scratch.write([], to: name)
    }
    let run = try CommandLineRun(
      CommandLineRun.start(
        [
          "-c",
          """
          PATH="$(dirname "$PTRAIN"):$PATH"
          compopt() { :; }
          eval "$(ptrain --generate-completion-script bash)"
          COMP_LINE='\(line)' COMP_POINT=${#COMP_LINE}
          read -ra COMP_WORDS <<<"$COMP_LINE"
          [[ "$COMP_LINE" != *' ' ]] || COMP_WORDS+=('')
          COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
          _ptrain ptrain "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
          printf '%s\\n' "${COMPREPLY[@]}"
          """,
        ], in: scratch, environment: ["PTRAIN": CommandLineRun.binary], binary: "/bin/bash"))
    return run.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
  }

  @Test func subcommandsOptionsPresetsAndFiles() throws {
    #expect(try completions("ptrain su") == ["summary"])
    #expect(try completions("ptrain summary --mod") == ["--model"])
    #expect(try completions("ptrain summary --model ev") == ["eva8"])
    #expect(try completions("ptrain summary --model my") == ["my-net.yaml"])
    let optimizers = ["adam", "adamw", "sgd", "lion", "muon"]
    #expect(try completions("ptrain train --optimizer ") == optimizers)
    #expect(try completions("ptrain predict --model m").contains("model.safetensors"))
    #expect(try !completions("ptrain predict --model n").contains("notes.txt"))
  }
}
