/// Where each named tensor of a network lies in one flat array of parameters.
///
/// The order and the names are PyTorch's: `weight_ih_l0` [G·H, I], `weight_hh_l0` [G·H, H],
/// `bias_ih_l0` [G·H], of a cell that keeps gates apart `bias_hh_l0` [G·H], … then `readout.weight` [O, H] and `readout.bias`
/// [O]; each row-major. What a cell has of its own for each unit (`beta_logit_l0` [H], a trained β) comes at the end, layer by
/// layer, and after it a trained initial state, `initial_state_l0`; before both, W_hh of a delay d beyond 1, `weight_hh_d4_l0`
/// [H, H], and of a projected LSTM `weight_hr_l0` [P, H], whose P stands in H's place in what reads h. A cell without recurrent weights has no `weight_hh_l0`. The fully recurrent network has one
/// tensor, `weight` [H, H+I]. What reads weights asks for a `Block`, and need not know which of the two it is.
///
/// Untied, every tensor of a cell is there once a step, [T, …], step t's copy being its row t; the readout and unit
/// tensors stay one for all steps.
public struct ParameterLayout: Equatable, Sendable {
  /// One named tensor.
  public struct Entry: Equatable, Sendable {
    /// PyTorch's name of the tensor.
    public let name: String
    /// Its shape.
    public let shape: [Int]
    /// The index of its first element in the flat array.
    public let offset: Int
    /// How many copies of it, a step's each, lie one after the other: then its shape's first number; 1 where there is but one.
    public var copies = 1
    /// Its number of elements.
    public var count: Int { shape.reduce(1, *) }
    /// Its range in the flat array.
    public var range: Range<Int> { offset..<offset + count }
  }

  /// A matrix in the flat array, whole or some columns of a tensor: element (i, j) lies at offset + i·rowStride + j.
  public struct Block: Equatable, Sendable {
    /// The index of its first element.
    public let offset: Int
    /// Its shape, and how far apart its rows lie.
    public let rows: Int, columns: Int, rowStride: Int

    /// The index of element (row, column).
    public func index(_ row: Int, _ column: Int) -> Int { offset + row * rowStride + column }

    /// Its elements among `parameters`, row-major.
    public func elements(of parameters: [Double]) -> [Double] {
      (0..<rows).flatMap { parameters[index($0, 0)..<index($0, columns)] }
    }
  }

  /// W_hh of a connection of another delay than 1: it multiplies h_{t-delay}.
  public struct DelayedBlock: Equatable, Sendable {
    /// The delay, in steps.
    public let delay: Int
    /// The matrix [H, H].
    public let block: Block
  }

  /// The tensors, in order.
  public let entries: [Entry]
  /// The number of parameters in all.
  public let count: Int
  /// The sizes of x_t, and of the readout y_t.
  public let inputs: Int, outputs: Int
  /// The steps that have W_ih, W_hh and b of their own; 1 where all steps share them.
  public let copies: Int
  /// W_ih and W_hh of each layer; W_hh has no rows where the cell has none.
  private let inputBlocks: [Block], recurrentBlocks: [Block]
  /// W_hh of the delays beyond 1, of each layer.
  private let delayedBlocks: [[DelayedBlock]]
  /// W_hr of each layer, of a projected LSTM.
  private let projectionBlocks: [Block]
  /// Where the unit tensors of each layer lie.
  private let unitRanges: [Range<Int>]

  /// The layout of a network that reads `inputs` numbers a step and writes `outputs`; untied over `copies` steps, where that is
  /// more than 1. Without a readout y_t is h_t.
  public init(
    _ network: NetworkSpecification, inputs: Int, outputs: Int, copies: Int = 1, hasReadout: Bool = true
  ) {
    let h = network.hidden
    let gh = network.cell.gates * h, seen = network.outputUnits
    var projectionBlocks: [Block] = []
    var entries: [Entry] = []
    var (inputBlocks, recurrentBlocks): ([Block], [Block]) = ([], [])
    var delayedBlocks: [[DelayedBlock]] = []
    var unitRanges: [Range<Int>] = []
    var offset = 0
    @discardableResult
    func add(_ name: String, _ shape: [Int], copies: Int = 1) -> Block {
      let entry = Entry(name: name, shape: (copies > 1 ? [copies] : []) + shape, offset: offset, copies: copies)
      entries.append(entry)
      offset += entry.count
      return Block(offset: entry.offset, rows: shape[0], columns: shape.last ?? 1, rowStride: shape.last ?? 1)
    }
    if network.cell.isFullyRecurrent {
      // [y_{t-1}; x_t]: the recurrent columns first.
      let weight = add("weight", [h, h + inputs], copies: copies)
      recurrentBlocks = [Block(offset: weight.offset, rows: h, columns: h, rowStride: h + inputs)]
      inputBlocks = [Block(offset: weight.offset + h, rows: h, columns: inputs, rowStride: h + inputs)]
    } else {
      for layer in 0..<network.layers {
        inputBlocks.append(add("weight_ih_l\(layer)", [gh, layer == 0 ? inputs : seen], copies: copies))
        recurrentBlocks.append(
          network.cell.hasRecurrentWeights
            ? add("weight_hh_l\(layer)", [gh, seen], copies: copies)
            : Block(offset: offset, rows: 0, columns: h, rowStride: h))
        if network.cell.hasBias { add("bias_ih_l\(layer)", [gh], copies: copies) }
        if network.cell.resetGatedInputs > 0 { add("bias_hh_l\(layer)", [gh], copies: copies) }
      }
      if hasReadout {
        add("readout.weight", [outputs, seen])
        add("readout.bias", [outputs])
      }
      // Last, so that the others are drawn as without it.
      if hasReadout, network.readsInputDirectly { add("readout.direct", [outputs, inputs]) }
      for layer in 0..<network.layers {
        delayedBlocks.append(
          network.furtherDelays.map {
            DelayedBlock(delay: $0, block: add("weight_hh_d\($0)_l\(layer)", [h, h], copies: copies))
          })
        if network.isProjected { projectionBlocks.append(add("weight_hr_l\(layer)", [seen, h])) }
        let start = offset
        for tensor in network.unitTensors { add("\(tensor.name)_l\(layer)", [tensor.count]) }
        unitRanges.append(start..<offset)
      }
    }
    for layer in 0..<network.layers where network.learnsInitialState {
      add("initial_state_l\(layer)", [network.stateComponents * h])
    }
    self.entries = entries
    self.count = offset
    self.inputs = inputs
    self.outputs = outputs
    self.copies = copies
    self.inputBlocks = inputBlocks
    self.recurrentBlocks = recurrentBlocks
    self.delayedBlocks = delayedBlocks
    self.projectionBlocks = projectionBlocks
    self.unitRanges = unitRanges
  }

  /// The layout of a network that is no recurrent one: its tensors by name and shape, in order.
  public init(tensors: [(name: String, shape: [Int])], inputs: Int, outputs: Int) {
    var entries: [Entry] = []
    for tensor in tensors {
      entries.append(Entry(name: tensor.name, shape: tensor.shape, offset: entries.last?.range.upperBound ?? 0))
    }
    self.entries = entries
    count = entries.last?.range.upperBound ?? 0
    (self.inputs, self.outputs, copies) = (inputs, outputs, 1)
    (inputBlocks, recurrentBlocks, delayedBlocks, projectionBlocks, unitRanges) = ([], [], [], [], [])
  }

  /// Whether it is of a network whose states follow one another.
  public var isRecurrent: Bool { !inputBlocks.isEmpty }

  /// The tensor called `name`, or nil.
  public subscript(name: String) -> Entry? { entries.first { $0.name == name } }

  /// W_ih of a layer, [G·H, I], or [G·H, H] above the lowest; untied, the first step's.
  public func inputWeights(layer: Int) -> Block { inputBlocks[layer] }

  /// The cell's unit tensors of a layer, one after the other; empty where it has none.
  public func unitTensors(layer: Int) -> Range<Int> { unitRanges.isEmpty ? 0..<0 : unitRanges[layer] }

  /// W_hh of a layer, [G·H, H]; untied, the first step's. It has no rows where the cell has no recurrent weights.
  public func recurrentWeights(layer: Int) -> Block { recurrentBlocks[layer] }

  /// W_hr of a layer, [P, H], of a projected LSTM; nil where h is not projected.
  public func projection(layer: Int) -> Block? { projectionBlocks.isEmpty ? nil : projectionBlocks[layer] }

  /// The delays beyond 1 with their W_hh of a layer, [H, H]; untied, the first step's.
  public func delayedWeights(layer: Int) -> [DelayedBlock] {
    delayedBlocks.isEmpty ? [] : delayedBlocks[layer]
  }

  /// The trained bias of a layer, [G·H], or nil where the network has none; untied, those of all steps.
  public func bias(layer: Int) -> Entry? { self["bias_ih_l\(layer)"] }

  /// The trained state before a sequence's first step, [components·H]; nil where it is 0.
  public func initialState(layer: Int) -> Entry? { self["initial_state_l\(layer)"] }

  /// Whether y_t = W_ho h_t + b_o; otherwise y_t is h_t of the first O units.
  public var hasReadout: Bool { self["readout.weight"] != nil }
}
