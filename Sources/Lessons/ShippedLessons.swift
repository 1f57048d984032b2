import CDemoText
import Experiments

/// The lessons that ship with the program. Their text lies in the program itself.
public enum ShippedLessons {
  // In the order of lessons.c, which is that of teaching.
  /// Their names.
  public static let names = [
    "unrolling", "by-hand", "weights-by-hand", "summands", "vanishing", "exploding", "clipping", "truncation",
    "schedules", "credit", "bias",
    "gates", "starts", "williams-zipser", "forward", "diagonal", "settling", "chaos", "attention", "trees",
    "residual-depth", "bugs",
  ]

  /// Their texts, by name.
  public static let texts: [String: String] = {
    let bytes = UnsafeBufferPointer(start: clessons_bytes(), count: clessons_count())
    return Dictionary(
      uniqueKeysWithValues: zip(names, bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }))
  }()

  /// The lesson that is taught after the one called `name`; nil for the last, and for one that does not ship.
  static func following(_ name: String) -> String? {
    names.firstIndex(of: name).flatMap { names.dropFirst($0 + 1).first }
  }

  /// The lesson called `name`; nil where there is none.
  ///
  /// - Throws: what is wrong with its file.
  public static func lesson(_ name: String, panels: [String]) throws(InputError) -> Lesson? {
    guard let text = texts[name] else { return nil }
    return try LessonFile.read(text, name: name, file: "Demos/lessons/\(name).yaml", panels: panels)
  }
}
