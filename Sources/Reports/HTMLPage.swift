import Canvas

/// A page of HTML that stands by itself: styles and pictures are in it, and it has no script. On paper nothing is cut.
struct HTMLPage {
  private let title: String
  private var body = ""

  init(title: String) {
    self.title = title
    body = "<h1>\(title.xmlEscaped)</h1>\n"
  }

  /// Adds a heading.
  mutating func heading(_ text: String) { body += "<h2>\(text.xmlEscaped)</h2>\n" }

  /// Adds a paragraph.
  mutating func paragraph(_ text: String, kind: String? = nil) {
    body += "<p\(kind.map { " class=\"\($0)\"" } ?? "")>\(text.xmlEscaped)</p>\n"
  }

  /// Adds a list: a word that stands out, and a text, each.
  mutating func list(_ items: [(word: String, text: String)]) {
    let lines = items.map { item in
      let mark = item.word.isEmpty ? "" : "<b class=\"\(item.word.xmlEscaped)\">\(item.word.xmlEscaped)</b> "
      return "<li>\(mark)\(item.text.xmlEscaped)</li>\n"
    }
    body += "<ul>\n\(lines.joined())</ul>\n"
  }

  /// Adds a table; the first column names what the others tell.
  mutating func table(_ head: [String], _ rows: [[String]]) {
    func row(_ cells: [String], _ tag: String) -> String {
      "<tr>" + cells.map { "<\(tag)>\($0.xmlEscaped)</\(tag)>" }.joined() + "</tr>\n"
    }
    body +=
      "<table>\n<thead>\(row(head, "th"))</thead>\n<tbody>\n\(rows.map { row($0, "td") }.joined())</tbody>\n</table>\n"
  }

  /// Adds pictures, side by side where there is room.
  mutating func figures(_ figures: [(svg: String, caption: String)]) {
    body += "<div class=\"figures\">\n"
    for figure in figures {
      body += "<figure>\n\(figure.svg)<figcaption>\(figure.caption.xmlEscaped)</figcaption>\n</figure>\n"
    }
    body += "</div>\n"
  }

  /// Adds a text as it is written.
  mutating func verbatim(_ text: String) { body += "<pre>\(text.xmlEscaped)</pre>\n" }

  /// The page.
  var text: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="generator" content="bpttop">
    <title>\(title.xmlEscaped)</title>
    <style>
    \(Self.style)
    </style>
    </head>
    <body>
    \(body)</body>
    </html>

    """
  }

  private static let style = """
    body { font: 16px/1.45 system-ui, "DejaVu Sans", sans-serif; color: #1a1d21; background: #fff; margin: 2rem auto;
      max-width: 110rem; padding: 0 1.5rem; }
    h1 { font-size: 1.7rem; margin: 0 0 .3rem; } h2 { font-size: 1.2rem; margin: 2rem 0 .6rem; break-after: avoid; }
    p, li { max-width: 60rem; } .head { white-space: pre-line; } .small { color: #4b5563; font-size: .9rem; }
    ul { padding-left: 1.2rem; } li { margin: .25rem 0; }
    b.serious { color: #a11212; } b.costly { color: #8a4b00; } b.fine { color: #14632f; } b.remark { color: #4b5563; }
    table { border-collapse: collapse; font-size: .9rem; margin: .5rem 0; }
    th, td { text-align: left; padding: .2rem .9rem .2rem 0; border-bottom: 1px solid #d6dae0; vertical-align: top;
      font-variant-numeric: tabular-nums; }
    th, td { overflow-wrap: anywhere; }
    tr { break-inside: avoid; }
    .figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 40rem), 1fr)); gap: 1.2rem; }
    figure { margin: 0; break-inside: avoid; } figure svg { display: block; width: 100%; height: auto; }
    figcaption { color: #4b5563; font-size: .85rem; margin-top: .2rem; }
    pre { font: .8rem/1.35 "DejaVu Sans Mono", monospace; background: #f5f6f8; padding: .8rem; white-space: pre-wrap;
      overflow-wrap: anywhere; }
    @media print {
      body { font-size: 10pt; margin: 0; padding: 0; max-width: none; }
      .figures { display: block; } figure { margin-bottom: 1rem; width: 160mm; } pre { background: none; padding: 0; }
      @page { margin: 15mm; }
    }
    """
}
