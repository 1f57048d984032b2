import Foundation
import Instruments
import RecurrentNetworks
import Synchronization
import Training

/// A run that is trained elsewhere and tells of itself in JSON lines: a file that grows, a recording, or a pipe.
///
/// A line is an update: `{"update": 12, "loss": 0.31, "grad_norm": 1.7, "log10_grad_steps": [-4.1, -3.2, -2.0]}`. Only `update` must
/// be there; what a line does not have is not drawn. Lines that are none of these are left out; the title tells their number.
public final class LinesSource: Source {
  /// One line.
  struct Line: Decodable, Equatable {
    var update: Int
    var loss: Double?, gradientNorm: Double?, clipScale: Double?, learningRate: Double?
    /// log10 ‖∂L/∂h_t‖ by step.
    var log10NormByStep: [Double?]?

    enum CodingKeys: String, CodingKey {
      case update, loss
      case gradientNorm = "grad_norm", clipScale = "clip_scale", learningRate = "learning_rate"
      case log10NormByStep = "log10_grad_steps"
    }
  }

  private struct Mailbox: Equatable {
    var lines: [Line] = []
    /// How many lines were left out.
    var unreadable = 0
    var hasEnded = false
  }

  /// What grows beyond this without an end is no line.
  private static let longestLine = 1 << 24

  private final class Shared: Sendable {
    let mailbox = Mutex(Mailbox())
    let isEnding = Atomic(false)
  }

  private let shared = Shared()
  private let title: String
  private var history = LossHistory()
  private var steps: [Double] = []
  private var update = 0, serial: UInt64 = 0
  private var unreadable = 0
  private var isFinished = false

  /// Losses, and the gradient's norms by step from the first line on that has them.
  public var capabilities: Capabilities {
    Capabilities(offers: steps.isEmpty ? [.history] : [.history, .norms], commands: [])
  }

  /// Begins to read.
  ///
  /// - Parameters:
  ///   - descriptor: where lines come from; it is closed at its end.
  ///   - title: what the run is called.
  ///   - follows: whether more may come after the end, as to a file that grows.
  ///   - wake: called from another thread when there is news to take.
  public init(descriptor: Int32, title: String, follows: Bool, wake: @escaping @Sendable () -> Void) {
    self.title = title
    let shared = shared
    let thread = Thread { Self.read(descriptor, follows: follows, into: shared, wake) }
    thread.name = "lines"
    thread.start()
  }

  deinit { end() }

  /// Reads to the end, or until the source is ended.
  private static func read(_ descriptor: Int32, follows: Bool, into shared: Shared, _ wake: () -> Void) {
    var rest: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while !shared.isEnding.load(ordering: .relaxed) {
      let count = Foundation.read(descriptor, &buffer, buffer.count)
      if count > 0 {
        rest += buffer[..<count]
        take(&rest, into: shared)
        if rest.count > longestLine { rest = Array("too long".utf8) }
        wake()
      } else if follows, count == 0 {
        usleep(100_000)
      } else {
        break
      }
    }
    close(descriptor)
    // The last line may have no line feed.
    rest.append(0x0A)
    take(&rest, into: shared)
    shared.mailbox.withLock { $0.hasEnded = true }
    wake()
  }

  /// Takes the whole lines off `rest`.
  private static func take(_ rest: inout [UInt8], into shared: Shared) {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "Infinity", negativeInfinity: "-Infinity", nan: "NaN")
    var lines: [Line] = [], unreadable = 0
    while let end = rest.firstIndex(of: 0x0A) {
      let line = rest[..<end]
      rest.removeSubrange(...end)
      guard line.contains(where: { $0 != 0x20 && $0 != 0x0D }) else { continue }
      if let read = (try? decoder.decode(Line.self, from: Data(line)))
        ?? (try? decoder.decode(Line.self, from: quotingNumbers(Data(line))))
      {
        lines.append(read)
      } else {
        unreadable += 1
      }
    }
    shared.mailbox.withLock { mailbox in
      mailbox.lines += lines
      mailbox.unreadable += unreadable
    }
  }

  /// Python writes NaN and Infinity as they are, which JSON does not know: here between quotes.
  private static func quotingNumbers(_ line: Data) -> Data {
    Data(String(decoding: line, as: UTF8.self).replacing(/-?\b(NaN|Infinity)\b/) { "\"\($0.output.0)\"" }.utf8)
  }

  /// Gives the run a command.
  public func send(_ command: Trainer.Command) {}
  /// What the reader looks at.
  public func look(_ requests: [LaneID: ReadingRequest]) {}
  /// Asks for a frame.
  public func requestFrame() {}
  /// The checkpoints to take the run up from.
  public func checkpoints(afterSteps: Bool, _ body: @escaping @Sendable ([LaneID: RunCheckpoint]) -> Void) {}

  /// What has happened since the last call.
  public func takeNews() -> [SourceNews] {
    let news = shared.mailbox.withLock { mailbox in
      defer { mailbox.lines = [] }
      return mailbox
    }
    guard news != Mailbox(unreadable: unreadable, hasEnded: isFinished) else { return [] }
    (unreadable, isFinished) = (news.unreadable, news.hasEnded)
    for line in news.lines { take(line) }
    return [.frame(frame)]
  }

  private func take(_ line: Line) {
    // A line that goes back begins the run anew.
    if line.update <= update { history = LossHistory() }
    update = line.update
    var record = UpdateRecord()
    record.update = line.update
    record.loss = line.loss ?? .nan
    record.gradientNorm = line.gradientNorm ?? .nan
    record.clipScale = line.clipScale ?? .nan
    record.learningRate = line.learningRate ?? .nan
    history.append(record)
    if let steps = line.log10NormByStep { self.steps = steps.map { $0 ?? -.infinity } }
  }

  /// What is known now.
  private var frame: Frame {
    serial += 1
    let pass = PassIdentity(update: update, serial: serial)
    var readings = Readings(pass)
    readings.set(
      LossInstrument.self,
      LossInstrument.Reading(update: update, history: history))
    if !steps.isEmpty { readings.set(GradientNormInstrument.self, .init(norms: steps)) }
    let leftOut =
      unreadable == 0 ? "" : " · \(unreadable) \(unreadable == 1 ? "line is" : "lines are") no update, left out"
    let summary = RunSummary(
      title: title + leftOut, pass: pass, history: history, length: steps.count, isRunning: !isFinished)
    return Frame(lanes: [.a: LaneFrame(summary: summary, readings: readings)])
  }

  /// Ends the source and lets its threads go.
  public func end() { shared.isEnding.store(true, ordering: .relaxed) }
}
