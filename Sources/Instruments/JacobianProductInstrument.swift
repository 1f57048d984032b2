import Architectures
import GradientFlow

/// The products of Jacobians ∂s_T/∂s_{T-lag}: their singular values by lag, the memory path of gated cells, and in a stack the
/// ways down the layers.
public enum JacobianProductInstrument: Instrument {
  /// Its name.
  public static let id: InstrumentID = "jacobian-product"
  /// What it needs of a source.
  public static let needs: InstrumentNeeds = .jacobians
  /// It reads graphs of every kind.
  public static let readsAnyNetwork = true

  /// The products of the batch's first sequence.
  public struct Reading: Sendable {
    /// n, the sequences of the batch, and the first step of the products in the sequence.
    public let length: Int, batch: Int, firstStep: Int
    /// Through time, in the layer that is looked into.
    public let time: ProductByLag
    /// The memory path against the gated paths, for cells that have one.
    public let memoryPath: MemoryPathByLag?
    /// Down the layers at each step, and along all paths through layers and time; nil with one layer.
    public let depth: ProductByDepth?, paths: ProductByPath?
    /// Why there is no gradient; nil where there is one.
    public let noGradientReason: String?
  }

  /// The reading of a pass; nil where there is nothing to read.
  public static func read(_ pass: PassView, _ focus: Focus, _ budget: Budget) -> Reading? {
    if let recording = pass.recording { return read(recording, pass, layer: pass.layer(focus), budget) }
    let tape = pass.sequenceOrWindow(budget), layer = pass.layer(focus)
    // All layers' Jacobians are multiplied, for the paths through them.
    let width = pass.width * Double(pass.layers).squareRoot()
    let cube = width * width * width
    // A lag's product, and its singular values, cost so many times H³ multiply-adds, as measured.
    let lags = budget.count(milliseconds: 1.5, cost: 7 * cube, least: 3)
    let longest = longest(of: tape.steps, cube, budget)
    let isDeep = tape.layers.count > 1
    do {
      let time = try ProductByLag(tape, layer: layer, maximumLags: lags, longest: longest, progress: budget.goOn)
      let reading = Reading(
        length: pass.length, batch: pass.batch, firstStep: tape.window.steps.lowerBound, time: time,
        memoryPath: try MemoryPathByLag(
          tape, layer: layer, maximumLags: lags, longest: longest, progress: budget.goOn),
        depth: isDeep ? try ProductByDepth(tape, maximumSteps: lags, progress: budget.goOn) : nil,
        paths: isDeep
          ? try ProductByPath(tape, maximumLags: lags, longest: longest - 1, progress: budget.goOn) : nil,
        noGradientReason: pass.noGradientReason)
      if longest < tape.steps { budget.leaveOut("the product beyond lag \(longest) of \(tape.steps)") }
      if time.spectra.count < longest {
        budget.leaveOut("all singular values at \(time.spectra.count) of \(longest) lags")
      }
      return reading
    } catch is CancellationError {
      return nil
    } catch {
      budget.leaveOut("the product: a Jacobian is not finite")
      return nil
    }
  }

  /// The longest lag whose product is formed, of so many steps and with H³ multiply-adds for a product of two Jacobians.
  private static func longest(of steps: Int, _ cube: Double, _ budget: Budget) -> Int {
    min(steps, budget.count(milliseconds: 14, cost: 8 * cube, least: 8))
  }

  /// Of a graph: along the line of sites that a layer is, or along all paths; and down the layers where each position has a way
  /// through all of them.
  private static func read(
    _ recording: GraphRecording, _ pass: PassView, layer: Int, _ budget: Budget
  ) -> Reading? {
    let graph = recording.graph(), layers = (0..<recording.layers).map(recording.graphLayer)
    let line = graph.line(layer: layers[layer])
    let width = Double(graph.sites.first.map { graph.width($0.id) } ?? 1), cube = width * width * width
    let lags = budget.count(milliseconds: 1.5, cost: 6 * cube, least: 3)
    do {
      return Reading(
        length: pass.length, batch: pass.batch, firstStep: 0, time: try time(graph, line, layers[layer], lags, budget),
        memoryPath: try memoryPath(line, lags, budget),
        depth: line == nil && graph.hasColumns ? try depth(graph, layers, lags, budget) : nil, paths: nil,
        noGradientReason: pass.noGradientReason)
    } catch is CancellationError {
      return nil
    } catch {
      budget.leaveOut("the product: a Jacobian is not finite")
      return nil
    }
  }

  private static func time(
    _ graph: some GradientGraph, _ line: (chain: any GradientChain, layer: Int)?, _ layer: Int, _ lags: Int,
    _ budget: Budget
  ) throws -> ProductByLag {
    guard let line else {
      return try ProductByLag(along: graph, layer: layer, maximumLags: lags, progress: budget.goOn)
    }
    let chain = line.chain
    return try byLag(chain, line.layer, lags, budget)
  }

  private static func byLag(
    _ chain: some GradientChain, _ layer: Int, _ lags: Int, _ budget: Budget
  ) throws -> ProductByLag {
    let width = Double(chain.width(chain.site(layer: layer, position: 0)))
    let longest = longest(of: chain.steps, width * width * width, budget)
    if longest < chain.steps { budget.leaveOut("the product beyond lag \(longest) of \(chain.steps)") }
    return try ProductByLag(
      chain, layer: layer, maximumLags: min(lags, longest), longest: longest, progress: budget.goOn)
  }

  private static func memoryPath(
    _ line: (chain: any GradientChain, layer: Int)?, _ lags: Int, _ budget: Budget
  ) throws -> MemoryPathByLag? {
    func of(_ chain: some GradientChain, _ layer: Int) throws -> MemoryPathByLag? {
      try MemoryPathByLag(chain, layer: layer, maximumLags: lags, progress: budget.goOn)
    }
    guard let line else { return nil }
    let chain = line.chain
    return try of(chain, line.layer)
  }

  private static func depth(
    _ graph: some GradientGraph, _ layers: [Int], _ lags: Int, _ budget: Budget
  ) throws -> ProductByDepth {
    try ProductByDepth(graph, shown: layers, maximumSteps: max(1, lags / 2), progress: budget.goOn)
  }

  /// What is followed over training.
  public static let trendNames = ["slope"]

  /// What is followed over training.
  public static func trend(_ reading: Reading) -> [String: Double] {
    reading.time.slope.map { ["slope": $0] } ?? [:]
  }

  /// log10 of the norm at lag 1, 2, …; and the lags at which there are all singular values, with these.
  public static func arrays(_ reading: Reading) -> [ReadingArray] {
    let spectra = reading.time.spectra, width = spectra.first?.log10.count ?? 0
    return [
      ReadingArray("log10_norm", reading.time.log10Norm), ReadingArray("lags", spectra.map { Double($0.lag) }),
      ReadingArray("log10_singular_values", spectra.flatMap(\.log10), shape: [spectra.count, width]),
    ]
  }
}

extension JacobianProductInstrument.Reading {
  /// The products of a pass that is made elsewhere: nothing else is known of it.
  public init(_ product: ProductByLag) {
    self.init(
      length: product.steps, batch: 1, firstStep: 0, time: product, memoryPath: nil, depth: nil, paths: nil,
      noGradientReason: nil)
  }
}
