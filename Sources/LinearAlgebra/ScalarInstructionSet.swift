import CKernels

/// The instruction sets that the kernels are built for.
///
/// The best that the processor has is in use from the start. Results agree between them within rounding; packed matrices
/// are laid out alike, so a change in the midst of a pass is harmless, though not repeatable bit for bit.
public enum InstructionSet: Int32, CaseIterable, Sendable {
  /// What every processor of the architecture has.
  case plain
  /// AVX2 and FMA (x86-64-v3).
  case avx2
  /// AVX-512 F, BW, DQ and VL (x86-64-v4).
  case avx512

  /// Whether this processor has it.
  public var isSupported: Bool { bpt_supports(rawValue) }

  /// The one in use.
  public static var selected: InstructionSet { InstructionSet(rawValue: bpt_selected()) ?? .plain }

  /// Takes it for the whole process; false, and nothing changes, where the processor lacks it.
  @discardableResult
  public func select() -> Bool { bpt_select(rawValue) }
}
