/// Why a run cannot begin, or a change cannot be made.
public enum TrainingError: Error, Equatable, Sendable, CustomStringConvertible {
  /// A key of the experiment, or its value.
  case key(ExperimentKeyError)
  /// The task, or the file that it reads.
  case task(TaskError)
  /// The run would need more memory than it may take, in bytes.
  case memory(needed: Int, limit: Int)
  /// Weights, a carried state or data handed in that do not fit the network: what is wrong.
  case misfit(String)
  /// No window injects a loss, under the key named.
  case noLosses(key: String)
  /// A matrix that no factor brings to a spectral radius.
  case noSpectralRadius(tensor: String)

  /// One line.
  public var description: String {
    switch self {
    case .key(let error): error.description
    case .task(let error): error.description
    case .memory(let needed, let limit):
      "found sizes that need \(formatBytes(needed)) of memory, expected at most \(formatBytes(limit))"
    case .misfit(let problem): problem
    case .noLosses(let key):
      "\(key): found windows without a target among their injected losses, expected at least one loss a sequence"
    case .noSpectralRadius(let tensor):
      "network.init.spectral_radius: found a spectral radius of 0 in \(tensor), expected one that a factor can change"
    }
  }
}
