import Training

extension ExperimentFile {
  /// `experiment` as YAML, every key with a comment on what it does and takes.
  public static func complete(_ experiment: Experiment) -> String {
    write(ExperimentKey.all.map { ($0, $0.get(experiment)) }, commented: true)
  }

  /// `experiment` as YAML, only what differs from the defaults; empty where nothing does.
  ///
  /// Reading it gives `experiment` again: what a choice brings with it (a momentum) is written where it is another.
  public static func differences(_ experiment: Experiment) -> String {
    var read = Experiment()
    var lines: [(ExperimentKey, String)] = []
    for key in ExperimentKey.all {
      let value = key.get(experiment)
      guard value != key.get(read) else { continue }
      // Cannot be refused: the value was read from an experiment.
      try? key.set(&read, value)
      lines.append((key, value))
    }
    return write(lines, commented: false)
  }

  private static func write(_ lines: [(key: ExperimentKey, value: String)], commented: Bool) -> String {
    var text = ""
    var open: [Substring] = []
    for (key, value) in lines {
      let words = key.name.split(separator: ".")
      let groups = words.dropLast()
      let shared = zip(open, groups).prefix { $0 == $1 }.count
      for depth in shared..<groups.count {
        text += indent(depth) + groups[depth] + ":\n"
      }
      open = Array(groups)
      let line = indent(groups.count) + "\(words[words.count - 1]): \(value)"
      text += commented ? padded(line, to: 40) + " # \(comment(on: key))\n" : line + "\n"
    }
    return text
  }

  private static func comment(on key: ExperimentKey) -> String {
    if case .choice(let names) = key.kind, names.count > 1 {
      return "\(key.summary): \(names.joined(separator: ", "))"
    }
    return key.summary
  }

  private static func indent(_ depth: Int) -> String { String(repeating: "  ", count: depth) }

  private static func padded(_ line: String, to width: Int) -> String {
    line + String(repeating: " ", count: max(0, width - line.count))
  }
}
