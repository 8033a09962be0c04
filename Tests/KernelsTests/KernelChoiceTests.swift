// The choice of an instruction set: the widest by default, what PTRAIN_ISA names, or a refusal.
// The storage of packed weights may not depend on it.
import PTrainDiagnostics
import PTrainKernelTypes
import PTrainKernels
import Testing

@Test func widestIsChosenByDefault() throws {
  let chosen = try KernelChoice.select(environment: [:])
  #expect(chosen.instructionSet == KernelChoice.available.last)
}

@Test(arguments: KernelChoice.available)
func environmentForcesAnInstructionSet(_ set: InstructionSet) throws {
  let chosen = try KernelChoice.select(environment: [KernelChoice.variable: set.rawValue])
  #expect(chosen.instructionSet == set)
}

@Test func unknownNameIsRefused() {
  let error = #expect(throws: Failure.self) {
    try KernelChoice.select(environment: [KernelChoice.variable: "sse9"])
  }
  #expect(error?.kind == .usage)
  #expect(error?.message.contains("sse9") == true)
}

@Test func missingInstructionSetIsRefused() {
  for set in InstructionSet.allCases where !KernelChoice.available.contains(set) {
    let error = #expect(throws: Failure.self) {
      try KernelChoice.select(environment: [KernelChoice.variable: set.rawValue])
    }
    #expect(error?.kind == .usage)
    #expect(error?.message.contains("cannot run") == true)
  }
}
