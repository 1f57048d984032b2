/// Letters of half cells, three rows high and four columns wide with their gaps: sentences for the last row of a hall.
public enum BigLetters {
  /// Rows of a line of letters, and the columns of a letter with its gap.
  public static let height = 3, width = 4

  /// Each character with its five rows of three dots from the top, a digit of base 8 a row.
  private static let table = """
    A25755 B65656 C34443 D65556 E74647 F74644 G34553 H55755 I72227 J11152 K55655 L44447 M57755 N65555 O25552 P65644 Q25563 \
    R65655 S34216 T72222 U55557 V55552 W55775 X55255 Y55222 Z71247 a06357 b46556 c03443 d13553 e02563 f12722 g35316 h46555 \
    i20222 j10152 k45665 l62227 m07755 n06555 o02552 p06564 q03531 r03444 s03636 t27223 u05553 v05522 w05577 x05225 y05316 \
    z07367 075557 126227 271747 371717 455711 574717 674757 771122 875757 975717 .00002 ,00024 :02020 ;02024 ?71202 !22202 \
    (24442 )21112 [64446 ]31113 {32623 }62326 /11244 -00700 +02720 =07070 <12421 >42124 '22000 "55000 %51245 _00007 ^25000 \
    ×05250 …00005 ·00200 →02720 ←02720 δ34252 φ02772 ρ02564 σ03552 γ05522 α03553 β25656 ε34243 λ42255 ∂21352 ′22000 \
    ‖55555 ²62460 ³61626 η06551 ✓00152 ✗05250 ▸46764 ∞00770 Σ74247 √11352 ≤12103 ₁00222 ₂00624 |22222
    """

  private static let glyphs: [Character: [UInt8]] = Dictionary(
    table.split(separator: " ").compactMap { entry in
      entry.first.map { ($0, entry.dropFirst().compactMap(\.wholeNumberValue).map(UInt8.init)) }
    }, uniquingKeysWith: { first, _ in first })

  /// Draws a line from column x and row y on. A character that has no large form stands small in the middle of its place.
  public static func put(_ text: some StringProtocol, x: Int, y: Int, _ style: Style, into buffer: inout Buffer) {
    var x = x
    for character in text {
      if let rows = glyphs[character] {
        for row in 0..<height {
          for column in 0..<3 {
            let bit = UInt8(4 >> column)
            let upper = rows[2 * row] & bit != 0, lower = 2 * row + 1 < rows.count && rows[2 * row + 1] & bit != 0
            guard upper || lower else { continue }
            buffer.put(upper ? (lower ? "█" : "▀") : "▄", x: x + column, y: y + row, style: style)
          }
        }
      } else if character != " " {
        buffer.put(String(character), x: x + 1, y: y + 1, style: style)
      }
      x += width
    }
  }
}
