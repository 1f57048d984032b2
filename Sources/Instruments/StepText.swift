import GradientFlow

/// What is said of a step: its equations as symbols, and facts beside them. Numbers are numbers; who shows it writes them.
public struct StepText: Equatable, Sendable {
  /// What a symbol or a word belongs to.
  public enum Tone: Hashable, Sendable {
    /// The equation itself, and what is said about it.
    case equation, remark
    /// The step's own loss, and the steps after it.
    case local, future
    /// The memory path and the copies of weights, the gates, clipping, the loss, the gradient's norm.
    case path, gates, threshold, loss, norm
    /// What is out of the ordinary, and what went wrong.
    case warning, error
  }

  /// A piece of a line.
  public enum Piece: Equatable, Sendable {
    /// As it is.
    case words(String, Tone)
    /// A measured number; one of a gradient's size; one that is multiplied by; a power of ten by its exponent; an angle in degrees.
    case number(Double), gradient(Double), factor(Double), power(log10: Double), degrees(Double)
    /// A number that was set, written in full; one that is counted.
    case setting(Double), count(Double)
    /// A vector; nil where a unit has no number.
    case vector([Double?])
  }

  /// A number with its name, or a remark.
  public struct Fact: Equatable, Sendable {
    /// What is said.
    public let pieces: [Piece]
    /// How much it is needed: 0 most.
    public let rank: Int
  }

  /// The equation in one line, the fullest form first; and in several lines, where these say more.
  public let lines: [[Piece]], block: [[Piece]]
  /// In reading order; and the same in place of these where vectors find no room.
  public let facts: [Fact], shorter: [Fact]

  init(lines: [[Piece]] = [], block: [[Piece]] = [], facts: [Fact], shorter: [Fact] = []) {
    self.lines = lines
    self.block = block
    self.facts = facts
    self.shorter = shorter
  }
}

extension StepText.Fact {
  init(_ pieces: [StepText.Piece], rank: Int) {
    self.pieces = pieces
    self.rank = rank
  }

  init(_ name: String, _ piece: StepText.Piece, _ tone: StepText.Tone = .remark, rank: Int) {
    self.init([.words(name + " ", tone), piece], rank: rank)
  }

  init(_ name: String, _ number: Double, _ tone: StepText.Tone = .remark, rank: Int) {
    self.init(name, .number(number), tone, rank: rank)
  }

  /// The result of an equation.
  init(_ operand: StepEquation.Operand, _ tone: StepText.Tone = .remark, rank: Int) {
    self.init(operand.name, .vector(operand.rows.map { $0[0] }), tone, rank: rank)
  }

  init(remark: String, _ tone: StepText.Tone = .remark, rank: Int) { self.init([.words(remark, tone)], rank: rank) }
}
