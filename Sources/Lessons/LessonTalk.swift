import Canvas

/// A lesson as a talk: a few sentences at a time, in large letters.
extension LessonSession {
  /// The most characters of a part of a talk, where there is more than one sentence.
  private static let most = 75

  /// What a talk says at this step, part by part, each with its role.
  var talk: [(text: String, role: Role)] {
    if phase == .over { return [("This was the lesson.", .text)] }
    var parts: [(text: String, role: Role)] = []
    func add(_ text: String, _ role: Role) {
      parts += Self.parts(text.onScreen.replacing("*", with: "")).map { ($0, role) }
    }
    if phase == .revealed {
      if let verdict = page.verdict { parts.append((verdict.answer, .accent)) }
      add(page.why, .text)
    } else {
      add(page.say, .text)
      add(page.hint, .accent)
      add(page.ask, .value)
      for (index, option) in page.options.enumerated() { add("\(index + 1)  \(option)", .text) }
    }
    return parts
  }

  /// Sentences together, as long as they are short.
  static func parts(_ text: String) -> [String] {
    var parts: [String] = [], part = ""
    for sentence in sentences(text) {
      if !part.isEmpty, part.count + sentence.count > most {
        parts.append(part)
        part = ""
      }
      part += part.isEmpty ? sentence : " " + sentence
    }
    return part.isEmpty ? parts : parts + [part]
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
