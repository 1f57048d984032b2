import Testing

@testable import Canvas

@Suite struct PictureFormTests {
  @Test(arguments: [
    ("a.svg", PictureForm.svg), ("b/c.PNG", .png), ("x.y.txt", .text), ("z.ansi", .ansi), ("svg", nil), ("a.jpg", nil),
    ("-", nil),
  ])
  func theEndingSaysTheForm(_ path: String, _ form: PictureForm?) { #expect(PictureForm(path: path) == form) }

  /// Forms and themes may stand anywhere; what is left is the name.
  @Test(
    arguments: [
      ("", "", [], nil), ("screen", "", [], nil), ("flow", "flow", [], nil),
      ("light Gradient norm png svg png", "Gradient norm", [PictureForm.png, .svg], ThemeName.light),
      ("high-contrast", "", [], .highContrast), ("txt", "", [.text], nil),
    ] as [(String, String, [PictureForm], ThemeName?)])
  func words(_ words: String, _ subject: String, _ forms: [PictureForm], _ theme: ThemeName?) {
    let request = PictureRequest(words: words)
    #expect(request.subject == subject && request.forms == forms && request.theme == theme)
  }
}
