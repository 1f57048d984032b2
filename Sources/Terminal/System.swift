import Glibc

/// The system's text for an error number.
func systemMessage(_ number: Int32) -> String {
  guard let text = strerror(number) else { return "error \(number)" }
  return String(cString: text)
}

/// Sets how characters are encoded (`LC_CTYPE` only: numbers keep their decimal point) as the environment wants it, and
/// says whether that is UTF-8. A locale that is wanted in UTF-8 but not installed becomes `C.UTF-8`.
func setCharacterLocale(_ environment: [String: String]) -> Bool {
  let wanted = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? "C"
  if setlocale(LC_CTYPE, wanted) == nil {
    let folded = wanted.lowercased()
    let utf8 = folded.hasSuffix("utf-8") || folded.hasSuffix("utf8")
    _ = setlocale(LC_CTYPE, utf8 ? "C.UTF-8" : "C")
  }
  guard let codeset = nl_langinfo(nl_item(CODESET)) else { return false }
  return String(cString: codeset) == "UTF-8"
}
