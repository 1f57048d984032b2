import Canvas

extension Buffer {
  /// The styles of a frame as text: a letter for each of the theme's styles, `.` for that of the ground, `#` for colors of a map;
  /// and what the letters stand for, in the order of the roles.
  func styleRows(_ theme: Theme) -> (rows: [String], legend: [String]) {
    let grounds: [(name: String, style: Style)] = [
      ("", theme[.background]), ("bar", theme[.bar]), ("selection", theme[.selection]),
    ]
    let names = Array("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
    var known: [(style: Style, names: [String])] = []
    for (name, ground) in grounds {
      for role in Role.allCases {
        var style = theme[role]
        style.background = style.background ?? ground.background
        style.reverse = style.reverse || ground.reverse
        let words = "\(role)" + (name.isEmpty ? "" : " on \(name)")
        if let index = known.firstIndex(where: { $0.style == style }) {
          if name.isEmpty { known[index].names.append(words) }
        } else {
          known.append((style, [words]))
        }
      }
    }
    let shown = Set(cells.map(\.style))
    known.removeAll { !shown.contains($0.style) || $0.style == theme[.background] }
    var letters: [Style: Character] = [theme[.background]: "."]
    for (index, entry) in known.enumerated() { letters[entry.style] = index < names.count ? names[index] : "?" }
    let rows = (0..<height).map { y in
      String((0..<width).map { letters[self[$0, y].style] ?? "#" })
    }
    return (rows, known.map { "\(letters[$0.style] ?? "?") \($0.names.joined(separator: ", ")): \($0.style.words)" })
  }
}

extension Style {
  /// The style in words: "#D3DAE3 on #10141B bold".
  var words: String {
    func hex(_ color: Color?) -> String {
      color.map { "#" + [$0.red, $0.green, $0.blue].map(Self.hex).joined() } ?? "default"
    }
    let flags = [(bold, "bold"), (dim, "dim"), (underline, "underline"), (reverse, "reverse")].filter(\.0).map(\.1)
    return ([hex(foreground) + " on " + hex(background)] + flags).joined(separator: " ")
  }

  private static func hex(_ value: UInt8) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return digits.count == 1 ? "0" + digits : digits
  }
}
