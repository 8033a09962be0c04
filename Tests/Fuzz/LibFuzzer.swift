// The function that libFuzzer calls with each input, and its parser.

import Glibc

/// The parser that the environment names; no way to go on without one.
let fuzzTarget: FuzzTarget = {
  guard let name = getenv("PTRAIN_FUZZ_TARGET"),
    let target = FuzzTarget(rawValue: String(cString: name))
  else {
    fatalError("PTRAIN_FUZZ_TARGET: expected one of \(FuzzTarget.allCases.map(\.rawValue))")
  }
  return target
}()

/// libFuzzer's own `main` is linked too and wants this name.
@_cdecl("LLVMFuzzerTestOneInput")
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  fuzzTarget.run([UInt8](UnsafeBufferPointer(start: start, count: count)))
  return 0
}
