import Training

/// A run in one line that can be pasted: what differs from the experiment that opens without a file, and after `@`
/// the updates at which keys were set.
///
/// `network.cell=lstm seed=3 @120 training.k2=5 @300` is an LSTM whose k2 was set to 5 after 120 updates, and which stands at
/// update 300.
public struct RunLink: Equatable, Sendable {
  /// The experiment that the run began with.
  public var experiment: Experiment
  /// The changes, in order.
  public var entries: [JournalEntry]
  /// The updates done.
  public var update: Int

  /// A run from its parts.
  public init(experiment: Experiment, entries: [JournalEntry], update: Int) {
    self.experiment = experiment
    self.entries = entries
    self.update = update
  }

  /// The line.
  public var text: String {
    var words = experiment.differences(from: .opening).map { Self.word($0.key.name, $0.value) }
    for entry in entries {
      words.append("@\(entry.update)")
      words += entry.kind == .undo ? ["undo"] : entry.settings.map { Self.word($0.key, $0.value) }
    }
    words.append("@\(update)")
    return words.joined(separator: " ")
  }

  private static func word(_ key: String, _ value: String) -> String {
    let isPlain = !value.contains { $0 == " " || $0 == "'" || $0 == "@" }
    return isPlain ? "\(key)=\(value)" : "\(key)='\(value.replacing("'", with: "''"))'"
  }

  /// Reads a line.
  ///
  /// - Throws: the word that is wrong, and what was expected.
  public init(_ text: String) throws(InputError) {
    func refuse(_ word: String, _ problem: String) -> InputError {
      InputError(file: "link", key: String(word.prefix(80)), problem: problem)
    }
    var experiment = Experiment.opening
    var entries: [JournalEntry] = []
    var update: Int?
    var settings: [Setting] = []
    func close() {
      if let update, !settings.isEmpty { entries.append(JournalEntry(update: update, settings: settings)) }
    }
    for word in try Self.words(text) {
      if word.hasPrefix("@") {
        guard let next = Int(word.dropFirst()), next >= update ?? 0 else {
          throw refuse(word, "expected @ and a number of updates, not less than the one before")
        }
        close()
        (settings, update) = ([], next)
        continue
      }
      if word == "undo", let update {
        close()
        settings = []
        entries.append(JournalEntry(update: update, settings: [], kind: .undo))
        continue
      }
      guard let sign = word.firstIndex(of: "=") else { throw refuse(word, "expected key=value, @UPDATE or undo") }
      let setting = Setting(key: String(word[..<sign]), value: String(word[word.index(after: sign)...]))
      do throws(ExperimentKeyError) {
        // Every key is tried, so that a replay cannot fail half-way on a name.
        if update == nil {
          try experiment.set(setting.key, setting.value)
        } else {
          _ = try ExperimentKey.named(setting.key)
        }
      } catch {
        throw InputError(file: "link", line: nil, error)
      }
      if update != nil { settings.append(setting) }
    }
    close()
    self.init(experiment: experiment, entries: entries, update: update ?? 0)
  }

  /// The words of a line; a quoted value is one with its key, its quotes taken away.
  private static func words(_ text: String) throws(InputError) -> [String] {
    var words: [String] = [], word = "", isQuoted = false, hasWord = false
    var characters = text.makeIterator()
    var next = characters.next()
    while let character = next {
      next = characters.next()
      if character == "'" {
        hasWord = true
        if isQuoted, next == "'" {
          word.append("'")
          next = characters.next()
        } else {
          isQuoted.toggle()
        }
      } else if !isQuoted, character.isWhitespace {
        if hasWord { words.append(word) }
        (word, hasWord) = ("", false)
      } else {
        word.append(character)
        hasWord = true
      }
    }
    guard !isQuoted else {
      throw InputError(file: "link", problem: "found a quote that does not end, expected a second one")
    }
    if hasWord { words.append(word) }
    return words
  }
}

extension RunLink {
  /// The link of a run as it stands; nil where something was handed in, which a line cannot hold, or where it goes on beside
  /// another run.
  public init?(_ checkpoint: RunCheckpoint) {
    guard let replay = checkpoint.replay else { return nil }
    self.init(experiment: replay.beginning.experiment, entries: replay.entries, update: checkpoint.update)
  }

  /// The run, made again with the same bits.
  public func replay(memory: Int = 16 << 30) throws(TrainingError) -> TrainingRun {
    try TimelineReplay(experiment: experiment, entries: entries).run(to: update, memory: memory)
  }
}
