import Canvas
import Dashboard
import Experiments
import Foundation
import Synchronization
import Training

/// Writes the dashboard's files on a thread of its own, into the working folder, under names that no file has.
final class FileWriter: FileOutlet {
  private struct Mailbox {
    var news: [Action] = []
    var isWriting = false
  }

  private let mailbox = Mutex(Mailbox())
  private let isCancelled = Atomic(false)
  private let wake: @Sendable () -> Void

  /// A writer; `wake` is called from its thread when there is news to take.
  init(wake: @escaping @Sendable () -> Void) { self.wake = wake }

  func takeNews() -> [Action] {
    mailbox.withLock { mailbox in
      defer { mailbox.news = [] }
      return mailbox.news
    }
  }

  func cancel() { isCancelled.store(true, ordering: .relaxed) }

  func write(_ file: OutletFile, update: Int) {
    switch file {
    case .picture(let frame, let theme, let request):
      let form = request.forms.first ?? .svg, others = request.forms.isEmpty ? [.png] : request.forms.dropFirst()
      let subject = request.subject.isEmpty ? "" : request.subject + "-"
      begin("bpttop-\(subject)update-\(update)", form.rawValue) { name, _ in
        try PictureFile.write(frame, theme, to: name)
        return try others.map { other in
          if request.forms.isEmpty, !PNGFile.isPossible { return PNGFile.absence }
          let beside = name.dropLast(form.rawValue.count) + other.rawValue
          try PictureFile.write(frame, theme, to: String(beside))
          return "and \(beside)"
        }
      }
    case .experiment(let experiment, let lane):
      let letter = lane?.rawValue
      begin(
        "experiment" + (letter.map { "-\($0)" } ?? ""), "yaml",
        remark: letter.map { "the settings of lane \($0.uppercased())" }
      ) { name, _ in
        try OutputFile.write(ExperimentFile.complete(experiment), to: name)
        return []
      }
    case .trace(let snapshot, let readings):
      begin("bpttop-update-\(update)", snapshot == nil ? "csv" : "safetensors") { name, progress in
        let leftOut = try snapshot.map { try writeTrace(of: $0, to: name, progress: progress) } ?? []
        let base = name.prefix { $0 != "." }
        try OutputFile.write(readings.csv, to: base + ".csv")
        try OutputFile.write(readings.json, to: base + ".json")
        return (snapshot == nil ? ["and \(base).json"] : ["and \(base).csv and .json, what is on the screen"]) + leftOut
      }
    case .blackBox(let box):
      begin("black-box-update-\(box.explosion.update)", "safetensors") { name, _ in
        try BlackBoxFile.write(box, to: name)
        return ["the \(box.entries.count - 1) updates before update \(box.explosion.update), whole"]
      }
    case .panels(let names): keep(panels: names)
    case .session(let lanes, let view):
      let link = lanes.count == 1 ? lanes[.a].flatMap(RunLink.init).map { " · or: bpttop --link \"\($0.text)\"" } : nil
      begin("session-update-\(update)", "bpttop", remark: "bpttop FILE goes on from here\(link ?? "")") { name, _ in
        try SessionFile.write(Session(lanes: lanes, view: view.text), to: name)
        return []
      }
    }
  }

  /// Writes the panels into the user's own file, which every session reads.
  private func keep(panels names: [String]) {
    guard let path = UserConfiguration.path(environment: ProcessInfo.processInfo.environment) else {
      return tell([.failure("no place for the configuration file: HOME is not set")])
    }
    do {
      let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let old = FileManager.default.fileExists(atPath: path) ? try String(contentsOfFile: path, encoding: .utf8) : ""
      guard let text = UserConfiguration.text(old, panels: names) else {
        return tell([.failure("\(path): found a mapping in braces, expected a line a key, to put the panels there")])
      }
      try OutputFile.write(text, to: path)
      tell([.message("every session opens with these \(names.count) panels from now on: \(path)")])
    } catch {
      tell([.failure("\(path): \(error.localizedDescription)")])
    }
  }

  /// Runs `body` beside, and tells what became of it, and what it left out.
  private func begin(
    _ base: String, _ ending: String, remark: String? = nil,
    _ body: @escaping @Sendable (_ name: String, _ progress: (Double) -> Bool) throws -> [String]
  ) {
    let isFree = mailbox.withLock { mailbox in
      defer { mailbox.isWriting = true }
      return !mailbox.isWriting
    }
    guard isFree else { return tell([.failure("a file is being written: Esc stops it")]) }
    isCancelled.store(false, ordering: .relaxed)
    let name = Self.freeName(base, ending)
    let thread = Thread { [self] in
      var told = ContinuousClock.now
      let end: Action
      do {
        let omitted = try body(name) { share in
          if ContinuousClock.now - told > .milliseconds(100) {
            told = .now
            tell([.progress(Progress(name: name, share: share))])
          }
          return !isCancelled.load(ordering: .relaxed)
        }
        end = .message(
          (["wrote \(name)"] + omitted + [remark?.replacing("FILE", with: name)].compactMap { $0 }).joined(
            separator: "; "))
      } catch is CancellationError {
        end = .message("\(name) was not written")
      } catch let Failure.input(line) {
        end = .failure(line)
      } catch let Failure.run(line) {
        end = .failure(line)
      } catch {
        end = .failure("\(error)")
      }
      mailbox.withLock { $0.isWriting = false }
      tell([.progress(nil), end])
    }
    thread.name = "writer"
    thread.stackSize = 8 << 20
    thread.start()
  }

  private func tell(_ actions: [Action]) {
    mailbox.withLock { $0.news += actions }
    wake()
  }

  /// A name in the working folder that no file has: an earlier picture is not lost.
  private static func freeName(_ base: String, _ ending: String) -> String {
    let names = ["\(base).\(ending)"] + (2...999).map { "\(base)-\($0).\(ending)" }
    return names.first { !FileManager.default.fileExists(atPath: $0) } ?? names[0]
  }
}

extension DashboardView {
  /// As a session keeps it.
  var text: String { (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "" }

  /// What a session has kept; nil where it cannot be read.
  init?(text: String) {
    guard let view = try? JSONDecoder().decode(Self.self, from: Data(text.utf8)) else { return nil }
    self = view
  }
}
