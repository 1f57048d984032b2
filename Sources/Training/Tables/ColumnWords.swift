/// What a column's name says that it is for.
enum ColumnWords {
  /// Names of a count of rows.
  private static let counts: Set<String> = [
    "", "index", "idx", "id", "no", "no.", "nr", "nr.", "num", "number", "row", "rows", "rownum", "row_id", "record",
    "#", "n", "i", "obs", "observation", "seq", "sno", "s.no", "sl.no", "t", "time", "step", "timestep", "time_step",
    "tick", "sample", "frame", "cycle", "epoch", "rowid", "rownumber",
  ]
  /// Names of what a row belongs to.
  private static let series: Set<String> = [
    "id", "ids", "key", "group", "series", "unit", "item", "entity", "symbol", "ticker", "code", "station", "sensor",
    "device", "store", "shop", "customer", "user", "subject", "patient", "participant", "person", "machine", "engine",
    "site", "location", "city", "country", "region", "name", "sku", "product", "trial", "run", "episode", "session",
    "sequence", "track", "file", "batch", "experiment", "household", "building", "asset", "equipment", "meter", "stock",
    "province", "county", "species", "animal", "player", "team", "vehicle", "route", "coin", "pair", "currency", "well",
    "field", "plot", "plant", "unit_number", "unit number", "trajectory", "uid", "uuid", "unique_id",
  ]
  /// Names of dates and times.
  private static let times: Set<String> = [
    "date", "time", "datetime", "timestamp", "ts", "epoch", "unix", "unixtime", "unix_time", "ds", "day", "period",
    "date_time", "unix timestamp", "open_time", "close_time",
  ]
  /// Names of the parts of a date.
  private static let parts: Set<String> = [
    "year", "yr", "month", "mon", "mo", "day", "hour", "hr", "minute", "min", "second", "sec", "dayofyear", "week",
    "doy", "quarter",
  ]

  private static func plain(_ name: String) -> String {
    let word = name.lowercased().trimmed
    return word.hasPrefix("column ") || word.hasPrefix("unnamed") ? "" : word
  }

  static func isCount(_ name: String) -> Bool { counts.contains(plain(name)) }

  static func isSeries(_ name: String) -> Bool {
    let word = plain(name)
    return series.contains(word) || isPlainID(name)
      || ["_name", "_no", "_nr", "_number", "_code", "_key"].contains { word.hasSuffix($0) }
  }

  /// Whether the name says that it is an id, whatever else it may be.
  static func isPlainID(_ name: String) -> Bool {
    let word = plain(name)
    return word == "id" || word.hasSuffix("_id") || word.hasSuffix(" id") || word.hasSuffix("-id")
      || word.hasSuffix(".id") || name.hasSuffix("Id") || name.hasSuffix("ID")
  }

  static func isTime(_ name: String) -> Bool {
    let word = plain(name)
    return times.contains(word) || word.hasSuffix("timestamp") || word.hasSuffix("_date") || word.hasSuffix("_time")
  }

  static func isPartOfDate(_ name: String) -> Bool { parts.contains(plain(name)) }
}
