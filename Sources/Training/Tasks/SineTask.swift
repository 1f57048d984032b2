import Glibc
import RecurrentNetworks

/// The next value of a sum of two sines: x_t = ½ sin(ω₁ t + φ₁) + ½ sin(ω₂ t + φ₂), target x_{t+1}, at every step.
///
/// Frequencies are drawn for each sequence, uniform between periods of 20 and of 5 steps, and so are the phases: what
/// they are shows only in the sequence itself. From the fifth step on the past determines the next value.
struct SineTask: DrawnTask {
  static let minimumLength = 2, widthEstimate = 1
  private static let sines = 2, amplitude = 0.5
  private static let slowest = 2 * Double.pi / 20, fastest = 2 * Double.pi / 5
  let seed: UInt64
  let length: Int

  var description: TaskDescription {
    // E x² = K a²/2; E x_t x_{t+1} = K a²/2 · E cos ω, and E cos ω = (sin ω_max - sin ω_min)/(ω_max - ω_min).
    let power = Double(Self.sines) * Self.amplitude * Self.amplitude / 2
    let cosine = (sin(Self.fastest) - sin(Self.slowest)) / (Self.fastest - Self.slowest)
    return TaskDescription(
      name: "sine", summary: "the next value of a sum of two sines, of other frequencies in every sequence", inputs: 1,
      outputs: 1, loss: .squared, isStream: false, inputNames: ["value"], outputNames: ["next value"],
      floors: [
        // ½ E x², and ½ E (x_{t+1} - x_t)² = E x² - E x_t x_{t+1}
        .init(name: "always answering 0", short: "always 0", loss: power / 2),
        .init(name: "repeating the last value", short: "last value", loss: power * (1 - cosine)),
      ])
  }

  func write(sequence index: Int, into data: inout SequenceBatch) {
    let (n, batch) = (data.steps, data.batch)
    data.writeNumbers { x, values, mask in
      mask.update(repeating: 1)
      for row in 0..<batch {
        var random = CounterRandom(seed: seed, sequence: index, row: row)
        let waves = (0..<Self.sines).map { _ in
          (
            frequency: Self.slowest + (Self.fastest - Self.slowest) * random.uniform(),
            phase: 2 * Double.pi * random.uniform()
          )
        }
        func value(_ t: Int) -> Double {
          waves.reduce(0) { $0 + Self.amplitude * sin($1.frequency * Double(t) + $1.phase) }
        }
        var next = value(0)
        for t in 0..<n {
          x[t * batch + row] = next
          next = value(t + 1)
          values[t * batch + row] = next
        }
      }
    }
  }
}
