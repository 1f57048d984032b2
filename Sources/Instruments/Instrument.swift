import Architectures
import GradientFlow
import RecurrentNetworks

/// The name of an instrument: what readings, panels, metrics and other programs call it.
public struct InstrumentID: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
  /// The name, in lower case with hyphens: gradient-norm.
  public let name: String

  /// An instrument's name.
  public init(stringLiteral value: String) { name = value }

  /// The name.
  public var description: String { name }
}

/// What an instrument needs of a source; a source that does not have it gives no reading of it.
public struct InstrumentNeeds: OptionSet, Hashable, Sendable {
  /// One bit for each element.
  public let rawValue: Int

  /// The set with these bits.
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// One window's pass, forward and backward.
  public static let pass = InstrumentNeeds(rawValue: 1)
  /// The whole sequence in which the window lies.
  public static let sequence = InstrumentNeeds(rawValue: 2)
  /// The settings under which the pass trains: truncation, algorithm, clipping, optimizer.
  public static let settings = InstrumentNeeds(rawValue: 4)
  /// The losses over the updates.
  public static let history = InstrumentNeeds(rawValue: 8)
  /// The gradient's norms by step, of a pass that is made elsewhere.
  public static let norms = InstrumentNeeds(rawValue: 16)
  /// The Jacobians ∂h_t/∂h_{t-1}, of a pass that is made elsewhere.
  public static let jacobians = InstrumentNeeds(rawValue: 32)
  /// The hidden states by step, of a pass that is made elsewhere.
  public static let states = InstrumentNeeds(rawValue: 64)
  /// Everything.
  public static let all: InstrumentNeeds = [.pass, .sequence, .settings, .history, .norms, .jacobians, .states]
}

/// One measurement of a pass: from a pass to numbers, a pure function.
///
/// An instrument is one file and its name in `Instruments.all`. It knows no screen; panels draw its readings, files write them.
public protocol Instrument: Sendable {
  /// What it measures.
  associatedtype Reading: Sendable

  /// Its name.
  static var id: InstrumentID { get }
  /// What it needs of a source.
  static var needs: InstrumentNeeds { get }
  /// Whether it reads networks of every kind, and not only those whose states follow one another.
  static var readsAnyNetwork: Bool { get }
  /// What to look at in place of it where the network is none that it reads.
  static var insteadOfIt: String { get }
  /// Whether the reading depends on the step under the cursor, so that it is read again when the cursor moves.
  static var followsCursor: Bool { get }
  /// The reading of a pass; nil where there is nothing to read.
  ///
  /// - Parameters:
  ///   - pass: what is measured.
  ///   - focus: the layer and the step that the reader looks at.
  ///   - budget: how much may be computed. What is left out for it is told to it in words.
  static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading?
  /// The names of the numbers that are worth following over training, as columns of files have them.
  static var trendNames: [String] { get }
  /// Those numbers of a reading, by name; what a reading has not is left out.
  static func trend(_ reading: Reading) -> [String: Double]
  /// Numbers that are followed over training together, by name: eigenvalues.
  static func trails(_ reading: Reading) -> [String: [Double]]
  /// The arrays of a reading that traces have.
  static func arrays(_ reading: Reading) -> [ReadingArray]
}

/// Numbers of a reading as an array, row-major.
public struct ReadingArray: Equatable, Sendable {
  /// Its name within the instrument, its shape and its elements.
  public let name: String, shape: [Int], elements: [Double]

  /// A vector, or an array of another shape.
  public init(_ name: String, _ elements: [Double], shape: [Int]? = nil) {
    (self.name, self.shape, self.elements) = (name, shape ?? [elements.count], elements)
  }
}

extension Instrument {
  /// The pass alone.
  public static var needs: InstrumentNeeds { .pass }
  /// It does not: it reads recurrent networks.
  public static var readsAnyNetwork: Bool { false }
  /// The gradient itself.
  public static var insteadOfIt: String { "Flow and Gradient norm have the gradient of every kind" }
  /// Why it is not read where the network is of this kind: a sentence, and what to look at.
  public static func absence(_ kind: NetworkKind) -> String {
    "It reads networks of network.kind recurrent alone; this one is network.kind \(kind.rawValue). "
      + insteadOfIt + "."
  }
  /// It does not.
  public static var followsCursor: Bool { false }
  /// None.
  public static var trendNames: [String] { [] }
  /// None.
  public static func trend(_ reading: Reading) -> [String: Double] { [:] }
  /// None.
  public static func trails(_ reading: Reading) -> [String: [Double]] { [:] }
  /// None.
  public static func arrays(_ reading: Reading) -> [ReadingArray] { [] }
}

/// Where the reader looks.
public struct Focus: Hashable, Sendable {
  /// The layer, counted from 0; nil is the top one.
  public var layer: Int?
  /// The step of the sequence, counted from 0; nil is the window's last.
  public var step: Int?
  /// The term of the flow matrix that is read; nil is the one that `step` says.
  public var term: TermPlace?
  /// The sequence of the batch that is written out, counted from 0.
  public var sequence = 0
  /// How many sites further towards the loss the reader has gone from the cursor's, each time where most comes from.
  public var sitesUp = 0
  /// The site itself, by its number in the graph, where it is none of a step's own: a node of a tree.
  public var site: Int?
  /// The two weights over which the loss is looked at, as places in the parameters; nil for the first ones.
  public var weights: [Int]?

  /// A place in a pass.
  public init(
    layer: Int? = nil, step: Int? = nil, term: TermPlace? = nil, weights: [Int]? = nil, sequence: Int = 0,
    sitesUp: Int = 0, site: Int? = nil
  ) {
    (self.sequence, self.sitesUp, self.site) = (sequence, sitesUp, site)
    self.layer = layer
    self.step = step
    self.term = term
    self.weights = weights
  }
}

/// A term of the flow matrix: what loss i sends back to the state at step t. Steps count from 0 in the sequence.
public struct TermPlace: Hashable, Sendable {
  /// i and t.
  public var loss: Int, step: Int

  /// The term of a loss and a step.
  public init(loss: Int, step: Int) { (self.loss, self.step) = (loss, step) }
}

/// What a reader asks for.
public struct ReadingRequest: Hashable, Sendable {
  /// The instruments.
  public var instruments: Set<InstrumentID>
  /// Where the reader looks.
  public var focus: Focus

  /// Some instruments, read at one place.
  public init(_ instruments: Set<InstrumentID> = [], focus: Focus = Focus()) {
    self.instruments = instruments
    self.focus = focus
  }

  /// Whether readings that were asked for as `other` have all of it.
  public func isCovered(by other: ReadingRequest) -> Bool {
    focus == other.focus && instruments.isSubset(of: other.instruments)
  }
}
