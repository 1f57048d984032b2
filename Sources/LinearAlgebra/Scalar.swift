import CKernels

/// The two precisions that a pass runs in, with the kernels of each: raw memory in, raw memory out, no allocation.
///
/// Matrices are row-major; a stride is the distance in elements from a row (or column) to the next. Buffers must not
/// overlap unless it is said that they may.
public protocol Scalar: BinaryFloatingPoint, BitwiseCopyable, Sendable {}

extension Double: Scalar {}
extension Float: Scalar {}

/// The element-wise functions that `Scalar.activate` knows, with their derivatives.
public enum ElementwiseFunction: Int32, CaseIterable, Sendable {
  case tanh, sigmoid, relu, leakyReLU, identity, softsign, hardTanh, sin
}

/// Asks for memory that will soon be read to be brought into the cache; changes no number.
@inlinable
public func prefetchToRead<S: Scalar>(_ start: UnsafePointer<S>, count: Int) {
  bpt_prefetch_to_read(start, count * MemoryLayout<S>.size)
}

// MARK: The two precisions

// A kernel's function is chosen by the size of the precision, which is known wherever a pass is specialized: what is left
// there is the call. In the other precision's branch, which is never taken, nothing below is done.

extension Scalar {
  /// Whether it is the precision of `Double`, and not that of `Float`.
  @inlinable
  static var isDouble: Bool { MemoryLayout<Self>.size == MemoryLayout<Double>.size }

  /// The same number, as the precision that it is.
  @inlinable
  var f64: Double { unsafeBitCast(self, to: Double.self) }
  @inlinable
  var f32: Float { unsafeBitCast(self, to: Float.self) }

  /// The number, which is of this precision.
  @inlinable
  init(bits number: some Scalar) { self = unsafeBitCast(number, to: Self.self) }
}

extension UnsafePointer where Pointee: Scalar {
  /// The same numbers, as the precision that they are.
  @inlinable
  var f64: UnsafePointer<Double> { UnsafeRawPointer(self).assumingMemoryBound(to: Double.self) }
  @inlinable
  var f32: UnsafePointer<Float> { UnsafeRawPointer(self).assumingMemoryBound(to: Float.self) }
}

extension UnsafeMutablePointer where Pointee: Scalar {
  /// The same numbers, as the precision that they are.
  @inlinable
  var f64: UnsafeMutablePointer<Double> { UnsafeMutableRawPointer(self).assumingMemoryBound(to: Double.self) }
  @inlinable
  var f32: UnsafeMutablePointer<Float> { UnsafeMutableRawPointer(self).assumingMemoryBound(to: Float.self) }
}
