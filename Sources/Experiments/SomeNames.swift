/// The first of many names, and how many more there are: "a, b, c, d, e, f and 3 more".
func some(_ names: [String]) -> String {
  names.prefix(6).joined(separator: ", ") + (names.count > 6 ? " and \(names.count - 6) more" : "")
}
