import CDemoText
import Glibc

/// The file that a task reads.
enum TaskFile {
  /// The table that a shipped experiment reads, where it is opened by its name, far from the folder that has the file.
  static func shippedTable(_ path: String) -> [UInt8]? {
    guard path == TaskSpecification.shippedTable, access(path, F_OK) != 0 else { return nil }
    return [UInt8](UnsafeBufferPointer(start: cdemotable_bytes(), count: cdemotable_count()))
  }

  /// The last component of a path, for a line on the screen.
  static func name(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }
}

extension TaskSpecification {
  /// The path in a shipped experiment of the table that ships with it.
  public static let shippedTable = "../data/predator_prey.csv"
}
