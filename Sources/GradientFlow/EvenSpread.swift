/// A choice of some of many, evenly spread.
public enum EvenSpread {
  /// At most `count` of `all`, in order, evenly spread, the last one among them.
  public static func choose(_ count: Int, of all: [Int]) -> [Int] {
    guard count < all.count else { return all }
    guard count > 0, let last = all.last else { return [] }
    guard count > 1 else { return [last] }
    return (0..<count).map { all[$0 * (all.count - 1) / (count - 1)] }
  }
}
