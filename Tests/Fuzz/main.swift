// Runs libFuzzer on the parser that PTRAIN_FUZZ_TARGET names.
// Built by `Scripts/fuzz` only: the package has this target when PTRAIN_FUZZ is set.

import CPTrainShims
import Glibc

var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
// A closure: Swift would emit a second copy of the named function for its own C pointer.
exit(LLVMFuzzerRunDriver(&count, &arguments) { testOneInput($0, $1) })
