import LinearAlgebra

// Parameters on their way between doubles and the precision of training.

/// Doubles in the precision of training.
@_specialize(where S == Double)
@_specialize(where S == Float)
func narrow<S: Scalar>(_ values: [Double], into numbers: UnsafeMutableBufferPointer<S>) {
  precondition(values.count == numbers.count, "a number a parameter")
  for index in 0..<values.count { numbers[index] = S(values[index]) }
}

/// Numbers of the precision of training as doubles.
@_specialize(where S == Double)
@_specialize(where S == Float)
func widened<S: Scalar>(_ numbers: UnsafeMutableBufferPointer<S>) -> [Double] {
  [Double](unsafeUninitializedCapacity: numbers.count) { values, count in
    for index in 0..<numbers.count { values[index] = Double(numbers[index]) }
    count = numbers.count
  }
}
