import Foundation
import Testing

@testable import LinearAlgebra

@Suite struct KernelSelectionTests {
  /// The best that the processor has is in use; what it lacks cannot be chosen.
  @Test(.disabled(if: ProcessInfo.processInfo.environment["BPTTOP_INSTRUCTION_SET"] != nil))
  func theBestIsSelected() {
    #expect(InstructionSet.plain.isSupported)
    #expect(InstructionSet.selected == instructionSets.last)
    for set in InstructionSet.allCases where !set.isSupported {
      #expect(!set.select() && InstructionSet.selected == instructionSets.last)
    }
    #expect(InstructionSet.selected.select())
  }
}
