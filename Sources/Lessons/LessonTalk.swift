import Canvas

/// A lesson as a talk: a few sentences at a time, in large letters.
extension LessonSession {
  /// The lines of large letters that there are at 80×24, and their columns: a part of a talk fits there.
  private static let lines = 4, columns = 19

  private static func fits(_ text: String) -> Bool { text.wrapped(to: columns).count <= lines }

  /// What a talk says at this step, part by part, each with its role.
  var talk: [(text: String, role: Role)] {
    if phase == .over { return [("This was the lesson.", .text)] }
    var parts: [(text: String, role: Role)] = []
    func add(_ text: String, _ role: Role) {
      parts += Self.parts(text.onScreen.replacing("*", with: "")).map { ($0, role) }
    }
    if phase == .revealed {
      if let verdict = page.verdict { add(verdict.answer, .accent) }
      add(page.why, .text)
    } else {
      add(page.say, .text)
      add(page.hint, .accent)
      add(page.ask, .value)
      for (index, option) in page.options.enumerated() { add("\(index + 1)  \(option)", .text) }
    }
    return parts
  }

  /// Sentences together, as long as they fit in large letters; one that does not is parted.
  static func parts(_ text: String) -> [String] {
    var parts: [String] = [], part = ""
    for piece in sentences(text).flatMap(pieces) {
      if !part.isEmpty, !fits(part + " " + piece) {
        parts.append(part)
        part = ""
      }
      part += part.isEmpty ? piece : " " + piece
    }
    return part.isEmpty ? parts : parts + [part]
  }

  /// A sentence in pieces that fit, parted at a comma or a colon where one is in the second half, else between two words.
  private static func pieces(_ sentence: String) -> [String] {
    var pieces: [String] = [], words = sentence.split(whereSeparator: \.isWhitespace)[...]
    while !words.isEmpty {
      let most = max(1, words.indices.prefix { fits(words[...$0].joined(separator: " ")) }.count)
      var end = words.startIndex + most
      if end < words.endIndex,
        let pause = words[..<end].lastIndex(where: { $0.last.map(",:;".contains) ?? false }),
        2 * (pause + 1 - words.startIndex) >= most
      {
        end = pause + 1
      }
      pieces.append(words[..<end].joined(separator: " "))
      words = words[end...]
    }
    return pieces
  }

  private static func sentences(_ text: String) -> [String] {
    var sentences: [String] = [], sentence = ""
    for word in text.split(whereSeparator: \.isWhitespace) {
      sentence += (sentence.isEmpty ? "" : " ") + word
      guard let last = word.last, ".?!:".contains(last) else { continue }
      sentences.append(sentence)
      sentence = ""
    }
    return sentence.isEmpty ? sentences : sentences + [sentence]
  }
}

extension LessonCard {
  /// Draws the part of the talk that is said now, in letters as large as there is room for.
  static func drawTalk(_ session: LessonSession, in rect: Rect, theme: Theme, into buffer: inout Buffer) {
    let parts = session.talk
    guard let part = parts.indices.contains(session.part) ? parts[session.part] : parts.last else { return }
    let text = part.text.words(theme)
    let lines = text.wrapped(to: rect.width / BigLetters.width)
    guard theme.characters != .ascii, lines.count * BigLetters.height <= rect.height else {
      buffer.paragraph(text, in: rect, style: theme[part.role])
      return
    }
    for (row, line) in lines.enumerated() {
      BigLetters.put(line, x: rect.x, y: rect.y + row * BigLetters.height, theme[part.role], into: &buffer)
    }
  }
}
