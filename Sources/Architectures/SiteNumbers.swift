import GradientFlow
import RecurrentNetworks

/// Numbers of a pass as vectors of equations.
extension UnsafePointer<Double> {
  /// The numbers from here on.
  func numbers(_ count: Int) -> [Double] { Array(UnsafeBufferPointer(start: self, count: count)) }
}

extension UnsafeMutablePointer<Double> {
  /// The numbers from here on.
  func numbers(_ count: Int) -> [Double] { UnsafePointer(self).numbers(count) }
}

extension Dense where S == Double {
  /// W v as a term: its matrix and vector by these names.
  func term(_ matrix: String, _ name: String, _ vector: [Double]) -> [StepEquation.Part] {
    .product(matrix, self.matrix, name, vector)
  }

  /// b as a term; none where there is no shift.
  func shiftTerm(_ name: String) -> [[StepEquation.Part]] { shift.isEmpty ? [] : [[.vector(name, shift)]] }
}

extension Array where Element == [StepEquation.Part] {
  /// Terms as one list of pieces, + between them, as they stand behind a function.
  var joinedBySigns: [StepEquation.Part] {
    enumerated().flatMap { index, term in (index > 0 ? [.sign("+")] : []) + term }
  }
}
