import GradientFlow
import LinearAlgebra
import RecurrentNetworks

/// The eigenvalues and condition numbers of W_hh and of the step's Jacobian J_t as training moves them.
public enum EigenvaluesInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "eigenvalues"
  /// What to look at where the network is no recurrent one.
  public static let insteadOfIt = "Jacobian product and This step have what one layer or place does to the gradient"
  /// It does: J_t is that of the step under the cursor.
  public static let followsCursor = true

  /// One matrix.
  public struct Part: Equatable, Sendable {
    /// What files call it: recurrent, jacobian.
    public let name: String
    /// How it is written: W_hh, J_t.
    public let symbol: String
    /// Its eigenvalues and singular values.
    public let spectrum: MatrixSpectrum
    /// κ = σ_max/σ_min; infinite where the matrix is singular.
    public var condition: Double {
      guard let most = spectrum.singularValues.first, let least = spectrum.singularValues.last else { return .nan }
      return most / least
    }
  }

  /// The matrices that there are of a layer.
  public struct Reading: Equatable, Sendable {
    /// W_hh of cells with one gate, then J_t.
    public let parts: [Part]
    /// The step of the sequence whose J_t it is, counted from 0.
    public let step: Int
  }

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    let matrices = Self.matrices(pass, focus, budget)
    let parts = matrices.compactMap { name, symbol, matrix -> Part? in
      guard let spectrum = try? MatrixSpectrum(matrix) else {
        budget.leaveOut("the eigenvalues of \(symbol): it is not finite")
        return nil
      }
      return Part(name: name, symbol: symbol, spectrum: spectrum)
    }
    guard !parts.isEmpty else { return nil }
    return Reading(parts: parts, step: pass.index(focus) + pass.window.window.steps.lowerBound)
  }

  /// W_hh, where there is one, and J_t, as far as there is time to look at them.
  static func matrices(
    _ pass: PassView, _ focus: Focus, _ budget: Budget
  ) -> [(name: String, symbol: String, matrix: Matrix)] {
    let tape = pass.window, layer = pass.layer(focus), index = pass.index(focus)
    let most = budget.size(live: 128, patient: 256)
    guard tape.steps > 0, Int(pass.width) <= most else {
      budget.leaveOut("the eigenvalues of a state of \(Int(pass.width)) numbers")
      return []
    }
    let weights = tape.network.cell.gates == 1 ? tape.recurrentWeights(layer: layer, step: index) : nil
    let jacobian = tape.jacobian(step: index, sequence: 0, layer: layer)
    return (weights.map { [("recurrent", "W_hh", $0)] } ?? []) + [("jacobian", "J_t", jacobian)]
  }

  /// What is followed over training.
  public static let trendNames = [
    "recurrent_radius", "recurrent_condition", "jacobian_radius", "jacobian_condition",
  ]

  /// What is followed over training.
  public static func trend(_ reading: Reading) -> [String: Double] {
    Dictionary(
      uniqueKeysWithValues: reading.parts.flatMap {
        [("\($0.name)_radius", $0.spectrum.spectralRadius), ("\($0.name)_condition", $0.condition)]
      })
  }

  /// The eigenvalues that are followed in the plane, by part.
  public static func trails(_ reading: Reading) -> [String: [Double]] {
    Dictionary(
      uniqueKeysWithValues: reading.parts.map { part in
        (part.name, part.spectrum.eigenvalues.flatMap { [$0.real, $0.imaginary] })
      })
  }

  /// The eigenvalues of each matrix, [n, 2], and its singular values.
  public static func arrays(_ reading: Reading) -> [ReadingArray] {
    reading.parts.flatMap { part in
      [
        ReadingArray(
          part.name, part.spectrum.eigenvalues.flatMap { [$0.real, $0.imaginary] },
          shape: [part.spectrum.eigenvalues.count, 2]),
        ReadingArray("\(part.name)_singular_values", part.spectrum.singularValues),
      ]
    }
  }
}
