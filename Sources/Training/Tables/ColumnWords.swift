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

  /// Of names of series those that may as well be of a count or of data.
  private static let weakSeries: Set<String> = [
    "key", "group", "series", "unit", "item", "code", "name", "run", "episode", "session", "sequence", "file", "batch",
    "trial", "field", "plot", "track", "pair", "product", "experiment", "route",
  ]
  /// How large the parts of a date are, the largest first.
  private static let ranks: [String: Int] = [
    "year": 0, "yr": 0, "jahr": 0, "ann\u{E9}e": 0, "annee": 0, "a\u{F1}o": 0, "quarter": 1, "month": 2, "mon": 2,
    "mo": 2, "monat": 2, "mois": 2, "mes": 2, "week": 3, "kw": 3, "dayofyear": 4, "doy": 4, "day": 4, "tag": 4,
    "jour": 4, "dia": 4, "hour": rankOfHour, "hr": rankOfHour, "stunde": rankOfHour, "heure": rankOfHour,
    "hora": rankOfHour,
    "period": rankOfHour, "settlement_period": rankOfHour, "settlementperiod": rankOfHour, "interval": rankOfHour,
    "slot": rankOfHour, "he": rankOfHour, "hour_ending": rankOfHour, "half_hour": rankOfHour, "minute": 6, "min": 6,
    "second": 7, "sec": 7,
  ]
  static let rankOfHour = 5

  /// How large a part of a date a column is by its name, 0 being the year; nil where it is none.
  static func rankInDate(_ name: String) -> Int? { ranks[plain(name)] }

  /// Whether the name speaks of a date or a time.
  static func isLikeDate(_ name: String) -> Bool {
    let word = plain(name)
    return isTime(name) || ["dat", "time", "zeit", "yyyymmdd", "ymd"].contains { word.contains($0) } || word.isEmpty
  }

  /// Whether whole numbers under the name tell series apart even where these lie between one another.
  static func isStrongSeries(_ name: String) -> Bool {
    let word = plain(name)
    return isPlainID(name) || (series.contains(word) && !weakSeries.contains(word))
  }

  /// Whether the name is of a part of a year or a week, which come again and tell no series apart.
  static func comesAgain(_ name: String) -> Bool {
    let word = plain(name)
    return rankInDate(name) != nil || isPartOfDate(name) || isTime(name) || word.contains("day")
      || word.contains("season")
      || word.contains("month") || word.contains("hour")
      || ["dow", "dst", "am_pm", "ampm", "holiday", "tz"].contains(word)
  }

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

  /// Whether the name is of times of day.
  static func isClock(_ name: String) -> Bool {
    ["time", "zeit", "uhrzeit", "heure", "ora", "orario", "hora", "clock", "tid", "tijd"].contains(plain(name))
  }

  static func isPartOfDate(_ name: String) -> Bool { parts.contains(plain(name)) }
}
