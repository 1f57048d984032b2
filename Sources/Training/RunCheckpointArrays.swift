import LinearAlgebra
import RecurrentNetworks

/// An array of a checkpoint, in the precision in which it is kept.
public enum CheckpointArray: Equatable, Sendable {
  case float64([Double]), float32([Float]), int32([Int32]), uint8([UInt8])
}

/// A checkpoint taken apart into named arrays and plain fields, from which an equal one can be made again.
///
/// Of the run as it stands (P is float32 or float64, the run's precision; B sequences, H units):
///
/// | name | numbers |
/// |---|---|
/// | `parameters` | P, flat, in the layout's order |
/// | `optimizer.0`, `optimizer.1` | P, the optimizer's memories that it uses, in the same order |
/// | `states` | float64, [steps trained + 1, layers, parts, B, H] |
/// | `kept.L.state`, `.preactivation`, `.derivative`, `.recurrent_input` | float64, what layer L kept of steps that are not run again |
/// | `algorithm` | uint8, what the learning algorithm carries, as raw bytes |
/// | `origin.I` | float64, untied weights where they are seen to move from |
/// | `history.buckets` | float64, [n, 10]: first update, count, least, greatest and mean loss and norm, clipped, least clip scale |
/// | `history.records` | float64, [n, 8]: update, step, loss, norm, clip scale, η, k1, k2 |
/// | `history.losses`, `history.spikes` | float64, the last 32 losses; [n, 2]: update, loss |
/// | `history.validations` | float64, [n, 2]: update, held-out loss; `best.parameters`, the weights with the least |
/// | `change.I.factors` | float64, what change I multiplied the square matrices of weight_hh by |
/// | `start.parameters`, `start.state.L` | float64, handed in at the beginning |
/// | `data.x`, `data.values` | float64; `data.symbols`, `data.classes` int32; `data.target_mask`, `data.output_mask` uint8: data handed in |
///
/// What is not there is left out. `loaded.` before a name of the last two rows is of the run as it was loaded, where that differs;
/// `former.I.` before any name is of the I-th run that `undo` can bring back, the oldest first.
extension RunCheckpoint {
  /// What a checkpoint holds beside its arrays: numbers and text.
  public struct Fields: Codable, Equatable, Sendable {
    /// The form of a checkpoint that is written here.
    public static let version = 1

    /// The form of this one.
    public var version = Self.version
    var course: CourseFields
    var formers: [FormerFields]
    var loaded: BeginningFields?
    var timeline: [EventFields]
  }

  /// The fields.
  public var fields: Fields {
    Fields(
      course: CourseFields(course, place),
      formers: formers.map { former in
        FormerFields(
          course: CourseFields(former.course, former.place), settings: former.settings.map(\.pair),
          restart: former.restart.map(PointFields.init))
      },
      loaded: isLoadedHere ? nil : BeginningFields(loaded), timeline: timeline.map(EventFields.init))
  }

  private var isLoadedHere: Bool {
    loaded.experiment == course.beginning.experiment && loaded.position == course.beginning.position
      && loaded.start == course.beginning.start
  }

  /// The arrays by name.
  public var arrays: [String: CheckpointArray] {
    var arrays = ArrayWriter()
    arrays.write(course, place)
    if !isLoadedHere { arrays.write(loaded.start, prefix: "loaded.") }
    for (index, former) in formers.enumerated() {
      arrays.prefix = "former.\(index)."
      arrays.write(former.course, former.place)
    }
    return arrays.arrays
  }

  /// The checkpoint that was taken apart into `fields` and `arrays`.
  ///
  /// - Throws: the first array that is missing or of another kind, or the field that makes no sense. Whether the sizes fit the
  ///   network is seen when a run is resumed.
  public init(fields: Fields, arrays: [String: CheckpointArray]) throws(TrainingError) {
    guard fields.version == Fields.version else {
      throw .misfit("checkpoint: found version \(fields.version), expected \(Fields.version)")
    }
    let reader = CheckpointArrayReader(arrays: arrays)
    (course, place) = try fields.course.read(reader)
    formers = []
    for (index, former) in fields.formers.enumerated() {
      var reader = reader
      reader.prefix = "former.\(index)."
      let (course, place) = try former.course.read(reader)
      formers.append(
        FormerCourse(
          course: course, place: place, settings: former.settings.map(Setting.init),
          restart: try former.restart?.point()))
    }
    loaded = try fields.loaded?.read(reader, prefix: "loaded.") ?? course.beginning
    timeline = []
    for event in fields.timeline { timeline.append(try event.event()) }
  }
}

// MARK: Arrays

private struct ArrayWriter {
  var arrays: [String: CheckpointArray] = [:]
  var prefix = ""

  mutating func write(_ name: String, _ numbers: [Double]?) {
    if let numbers { arrays[prefix + name] = .float64(numbers) }
  }

  mutating func write(_ course: RunCourse, _ place: Checkpoint) {
    switch place.experiment.precision {
    case .float64: writeNumbers(place, { .float64($0) })
    case .float32: writeNumbers(place, { .float32($0) })
    }
    write("states", place.states)
    if place.algorithm.count > 0 { arrays[prefix + "algorithm"] = .uint8(Array(place.algorithm)) }
    for (index, layer) in (place.kept?.layers ?? []).enumerated() {
      write("kept.\(index).state", layer.state)
      write("kept.\(index).preactivation", layer.preactivation)
      write("kept.\(index).derivative", layer.derivative)
      write("kept.\(index).recurrent_input", layer.recurrentInput)
    }
    for (index, origin) in place.origins.enumerated() { write("origin.\(index)", origin.parameters) }
    for (index, change) in course.changes.enumerated() where !change.factors.isEmpty {
      write("change.\(index).factors", change.factors)
    }
    write(course.history)
    write("best.parameters", course.best?.parameters)
    write(course.beginning.start, prefix: "")
  }

  /// Parameters and memories, each as many numbers as there are parameters.
  private mutating func writeNumbers<S: Scalar>(_ place: Checkpoint, _ array: ([S]) -> CheckpointArray) {
    let numbers = place.numbers.bindMemory(to: S.self)
    let memories = place.experiment.training.optimizer.name.rule.memories.count
    let count = numbers.count / (1 + memories)
    for index in 0...memories {
      let part = Array(numbers[index * count..<(index + 1) * count])
      arrays[prefix + (index == 0 ? "parameters" : "optimizer.\(index - 1)")] = array(part)
    }
  }

  mutating func write(_ start: TrainingRun.Start, prefix own: String) {
    write(own + "start.parameters", start.parameters)
    for (layer, state) in (start.carriedState ?? []).enumerated() { write(own + "start.state.\(layer)", state) }
    guard let data = start.data else { return }
    write(own + "data.x", data.x)
    let name = prefix + own + "data."
    switch data.target {
    case .classes(let classes): arrays[name + "classes"] = .int32(classes)
    case .values(let values): arrays[name + "values"] = .float64(values)
    }
    arrays[name + "symbols"] = data.symbols.map { .int32($0) }
    arrays[name + "target_mask"] = .uint8(data.targetMask)
    arrays[name + "output_mask"] = data.outputMask.map { .uint8($0) }
  }

  private mutating func write(_ history: LossHistory) {
    write("history.buckets", history.buckets.flatMap(\.numbers))
    write("history.records", history.records.flatMap(\.numbers))
    write("history.losses", history.losses.inTime)
    write("history.spikes", history.spikes.flatMap { [Double($0.update), $0.value] })
    if !history.validations.isEmpty {
      write("history.validations", history.validations.flatMap { [Double($0.update), $0.value] })
    }
  }
}

extension LossHistory.Bucket {
  fileprivate var numbers: [Double] {
    [
      Double(firstUpdate), Double(count), lossMinimum, lossMaximum, lossMean, normMinimum, normMaximum, normMean,
      Double(clippedCount), clipScaleMinimum,
    ]
  }
}

extension UpdateRecord {
  fileprivate var numbers: [Double] {
    [Double(update), Double(step), loss, gradientNorm, clipScale, learningRate, Double(k1), Double(k2)]
  }
}
