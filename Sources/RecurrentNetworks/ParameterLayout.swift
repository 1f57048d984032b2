/// Where each named tensor of a network lies in one flat array of parameters.
///
/// The order and the names are PyTorch's: `weight_ih_l0` [G·H, I], `weight_hh_l0` [G·H, H],
/// `bias_ih_l0` [G·H], of a cell that keeps gates apart `bias_hh_l0` [G·H], … then `readout.weight` [O, H] and `readout.bias` [O]; each row-major.
public struct ParameterLayout: Equatable, Sendable {
  /// One named tensor.
  public struct Entry: Equatable, Sendable {
    /// PyTorch's name of the tensor.
    public let name: String
    /// Its shape.
    public let shape: [Int]
    /// The index of its first element in the flat array.
    public let offset: Int
    /// Its number of elements.
    public var count: Int { shape.reduce(1, *) }
    /// Its range in the flat array.
    public var range: Range<Int> { offset..<offset + count }
  }

  /// The tensors, in order.
  public let entries: [Entry]
  /// The number of parameters in all.
  public let count: Int
  /// The sizes of x_t, and of the readout y_t.
  public let inputs: Int, outputs: Int

  /// The layout of a network that reads `inputs` numbers a step and writes `outputs`.
  public init(_ network: NetworkSpecification, inputs: Int, outputs: Int) {
    let h = network.hidden
    let gh = network.cell.gates * h
    var entries: [Entry] = []
    var offset = 0
    func add(_ name: String, _ shape: [Int]) {
      let entry = Entry(name: name, shape: shape, offset: offset)
      entries.append(entry)
      offset += entry.count
    }
    for layer in 0..<network.layers {
      add("weight_ih_l\(layer)", [gh, layer == 0 ? inputs : h])
      add("weight_hh_l\(layer)", [gh, h])
      add("bias_ih_l\(layer)", [gh])
      if network.cell.gatesApart > 0 { add("bias_hh_l\(layer)", [gh]) }
    }
    add("readout.weight", [outputs, h])
    add("readout.bias", [outputs])
    self.entries = entries
    self.count = offset
    self.inputs = inputs
    self.outputs = outputs
  }

  /// The tensor called `name`, or nil.
  public subscript(name: String) -> Entry? { entries.first { $0.name == name } }
}
