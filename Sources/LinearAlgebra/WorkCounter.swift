import CKernels

/// Counts what the kernels compute, as a measurement beside what a formula says of it.
public enum WorkCounter {
  /// The multiply-adds of the matrix and vector kernels that `body` runs on this thread. Activations, gates and optimizers are not
  /// counted.
  public static func multiplyAdds(_ body: () throws -> Void) rethrows -> Int {
    var work: Int64 = 0
    try withUnsafeMutablePointer(to: &work) { pointer in
      let before = bpt_count_into(pointer)
      defer { _ = bpt_count_into(before) }
      try body()
    }
    return Int(work)
  }

  /// Counts multiply-adds that are made without a kernel.
  @inlinable
  public static func add(_ multiplyAdds: Int) { bpt_count(Int64(multiplyAdds)) }
}
