import RecurrentNetworks

/// When updates happen in a sequence, and what the window of each is: truncated backpropagation through time with k1 and k2.
///
/// Updates end at t = k1, 2·k1, … and at n, where what remains is flushed. The window of an update at t is the steps
/// τ ∈ (t - k2, t], cut at the sequence's start: k2 uses of the weights, k2 - 1 Jacobians.
public struct TruncationSchedule: Equatable, Sendable {
  /// The length n of the sequence.
  public let length: Int
  /// k1, an update every so many steps; k2, the steps of a window; neither above n.
  public let k1: Int, k2: Int
  /// Which losses enter an update.
  public let inject: Injection
  /// Whether a window begins where the last update ended, however long k2 is: algorithms that go forward carry along what
  /// came before.
  public let isOnline: Bool

  /// The schedule of sequences of `length` steps; k1 and k2 above it are the length.
  public init(length: Int, k1: StepCount, k2: StepCount, inject: Injection, isOnline: Bool = false) {
    self.init(
      length: length, k1: k1.resolved(length: length), k2: k2.resolved(length: length), inject: inject,
      isOnline: isOnline)
  }

  /// The schedule of sequences of `length` steps; k1 and k2 above it are the length.
  public init(length: Int, k1: Int, k2: Int, inject: Injection, isOnline: Bool = false) {
    precondition(length > 0 && k1 > 0 && k2 > 0, "steps are counted from 1")
    self.length = length
    self.k1 = min(k1, length)
    self.k2 = min(k2, length)
    self.inject = inject
    self.isOnline = isOnline
  }

  /// The window of the first update that ends after `trained` steps: the update at the next multiple of k1, or at n; nil at
  /// the sequence's end.
  ///
  /// `trained` is where an update ended, though perhaps under another k1: no loss up to it is injected by `newest` again.
  public func window(after trained: Int) -> Window? {
    guard trained < length else { return nil }
    let end = min((trained / k1 + 1) * k1, length)
    let start = isOnline ? trained : max(0, end - k2)
    let injected =
      switch inject {
      case .newest: max(trained, start)..<end
      case .last: end - 1..<end
      case .window: start..<end
      }
    return Window(steps: start..<end, injected: injected)
  }

  /// The window of the first update after `trained` steps that injects a loss.
  ///
  /// A window without a target among its injected steps is no update: it is only run forward, or, online, is a part of the
  /// next.
  /// - Parameters:
  ///   - trained: the steps of the sequence before the newest update's end.
  ///   - hasTarget: whether a step, counted from 0, has a target in any sequence of the batch.
  public func trainedWindow(after trained: Int, hasTarget: (Int) -> Bool) -> Window? {
    var end = trained
    while let window = window(after: end) {
      if window.injected.contains(where: hasTarget) {
        return isOnline
          ? Window(steps: trained..<window.steps.upperBound, injected: window.injected) : window
      }
      end = window.steps.upperBound
    }
    return nil
  }

  /// Every update of a sequence, in order, where every step has a target.
  public var windows: [Window] { windows { _ in true } }

  /// Every update of a sequence, in order.
  public func windows(hasTarget: (Int) -> Bool) -> [Window] {
    var windows: [Window] = []
    var trained = 0
    while let window = trainedWindow(after: trained, hasTarget: hasTarget) {
      windows.append(window)
      trained = window.steps.upperBound
    }
    return windows
  }

  /// How many steps with a target no update of a sequence injects.
  public func untrainedLosses(hasTarget: (Int) -> Bool) -> Int {
    // Windows' ends and starts never go back, so what is injected behind a window is injected by it or its neighbors.
    var untrained = 0
    var covered = 0
    var trained = 0
    while let window = window(after: trained) {
      if covered < window.injected.lowerBound {
        untrained += (covered..<window.injected.lowerBound).count(where: hasTarget)
      }
      covered = max(covered, window.injected.upperBound)
      trained = window.steps.upperBound
    }
    return untrained
  }
}

/// The truncations that have names.
public enum TruncationPreset: String, CaseIterable, Sendable {
  /// (n, n): one update a sequence, exact.
  case full
  /// (1, n): the loss of every step alone, back to the start.
  case realTime = "real-time"
  /// (k1, 1): no gradient flows through time.
  case oneStep = "one-step"
  /// k1 < k2 < n: windows overlap.
  case overlapping
  /// k1 = k2: the usual chunks of the frameworks.
  case chunked
  /// (1, h): BPTT(h) of Williams and Peng 1990.
  case bpttH = "bptt(h)"

  /// k1 and k2 of this preset; `h` is the number of steps where one is free (k1 of one-step, h of BPTT(h), k2 otherwise).
  public func counts(h: Int) -> (k1: StepCount, k2: StepCount) {
    switch self {
    case .full: (.full, .full)
    case .realTime: (.steps(1), .full)
    case .oneStep: (.steps(h), .steps(1))
    case .overlapping: (.steps(max(1, h / 2)), .steps(h))
    case .chunked: (.steps(h), .steps(h))
    case .bpttH: (.steps(1), .steps(h))
    }
  }

  /// The preset that k1 and k2 are in sequences of `length`.
  public init?(k1: StepCount, k2: StepCount, length: Int) {
    let k1 = min(k1.resolved(length: length), length), k2 = min(k2.resolved(length: length), length)
    switch (k1, k2) {
    case (length, length): self = .full
    case (1, length): self = .realTime
    case (_, 1): self = .oneStep
    case (1, _): self = .bpttH
    case (_, k1): self = .chunked
    case _ where k1 < k2: self = .overlapping
    default: return nil
    }
  }
}

extension TruncationPreset {
  /// Its name with the counts that it stands for.
  public var title: String {
    switch self {
    case .full: "full (epochwise) BPTT (n, n)"
    case .realTime: "real-time BPTT (1, n)"
    case .oneStep: "one-step (k1, 1)"
    case .overlapping: "overlapping k1 < k2 < n: BPTT(h; h′), h = k2, h′ = k1"
    case .chunked: "chunked k1 = k2"
    case .bpttH: "BPTT(h) = (1, h)"
    }
  }

  /// k1 and k2 for sequences of `length` steps: windows of a fifth of it, overlapping ones of two.
  public func counts(length: Int) -> (k1: StepCount, k2: StepCount) {
    counts(h: max(2, self == .overlapping ? 2 * length / 5 : length / 5))
  }
}
