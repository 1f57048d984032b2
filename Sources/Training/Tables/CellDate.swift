import Glibc

/// Dates and times of day as tables write them.
enum CellDate {
  /// A date's place in time, by both orders in which a day and a month may stand; only its order is of use.
  struct Reading: Equatable {
    /// Where the day stands first, and where the month does; nil where that is no date.
    var dayFirst: Double?, monthFirst: Double?
    /// Whether it is a time of day alone.
    var isTimeOfDay = false
    /// The same in one number, for `place(of:isDayFirst:)`; of a time of day its seconds.
    var code = Double.nan
  }

  private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
  /// Months in French, German, Spanish and Italian, as far as they do not begin as the English ones do.
  private static let foreignMonths: [String: Int] = [
    "janv": 1, "janvier": 1, "enero": 1, "ene": 1, "gennaio": 1, "f\u{E9}v": 2, "f\u{E9}vr": 2, "f\u{E9}vrier": 2,
    "fevrier": 2, "m\u{E4}rz": 3, "m\u{E4}r": 3, "mrz": 3, "avr": 4, "avril": 4, "abril": 4, "mai": 5, "mayo": 5,
    "maggio": 5, "juin": 6, "giugno": 6, "juil": 7, "juillet": 7, "luglio": 7, "ao\u{FB}t": 8, "aout": 8, "agosto": 8,
    "settembre": 9, "okt": 10, "oktober": 10, "ottobre": 10, "d\u{E9}c": 12, "d\u{E9}cembre": 12, "dez": 12,
    "dezember": 12, "dic": 12, "diciembre": 12, "dicembre": 12,
  ]

  /// Puts a year, two numbers below 32 and a time of day into one number, which is negative where either of the two may be the month.
  private static func code(_ year: Int, _ first: Int, _ second: Int, _ clock: Double, isAmbiguous: Bool) -> Double {
    let code = Double(year * 1024 + first * 32 + second) + clock / 86400
    return isAmbiguous ? -code : code
  }

  /// The place in time of a code; of two numbers that may be the month, the first is the day or the month.
  static func place(of code: Double, isDayFirst: Bool) -> Double {
    guard code < 0 else { return code }
    let whole = (-code).rounded(.down), days = Int(whole)
    let (year, first, second) = (days >> 10, days >> 5 & 31, days & 31)
    return Double(isDayFirst ? year << 10 | second << 5 | first : days) - code - whole
  }

  /// What a cell's bytes say, or nil where they are no date.
  ///
  /// - Parameters:
  ///   - bytes: the cell.
  ///   - isClock: whether the column is called a time, so that 10.05.09 is one, too.
  static func read(_ bytes: UnsafeBufferPointer<UInt8>, isClock: Bool = false) -> Reading? {
    let cell = CellReader.trimmed(bytes)
    guard cell.count >= 4, cell.count <= 40 else { return nil }
    var parts = Parts()
    guard parts.split(cell) else { return nil }
    return isClock ? parts.clock ?? parts.reading : parts.reading ?? parts.clock
  }

  /// The numbers of a cell with what stands before each, and the month that a word names.
  private struct Parts {
    var date: [(value: Int, digits: Int)] = []
    var time: [Double] = []
    var month: Int?
    var isAfternoon: Bool?
    /// Whether a quarter or a week is named.
    var isPartOfYear = false
    /// What stands between the parts of the date.
    var separators: Set<UInt8> = []

    /// Takes the cell apart; false where something in it has no place in a date.
    mutating func split(_ cell: UnsafeBufferPointer<UInt8>) -> Bool {
      var index = 0, last: UInt8 = 0
      while index < cell.count {
        let byte = cell[index]
        if byte.isDigit {
          let start = index
          var value = 0
          while index < cell.count, cell[index].isDigit {
            value = min(value &* 10 &+ Int(cell[index] - 0x30), 1 << 40)
            index += 1
          }
          // A year may stand before a time of day, as a server's log has it: 16/Dec/2006:17:24:00.
          let isTime =
            last == UInt8(ascii: ":")
            || (index < cell.count && cell[index] == UInt8(ascii: ":") && (index - start <= 2 || date.isEmpty))
          if last == UInt8(ascii: "."), time.count == 3 {
            guard index - start <= 9 else { return false }
            time[2] += Double(value) / pow(10, Double(index - start))
          } else if isTime || (last == UInt8(ascii: "+") && !time.isEmpty)
            || (last == UInt8(ascii: "-") && time.count >= 2)
          {
            guard index - start <= 9, time.count < 6 else { return false }
            time.append(Double(value))
          } else {
            guard date.count < 3, index - start <= 4 else { return false }
            if !date.isEmpty { separators.insert(last) }
            date.append((value, index - start))
          }
          last = 0
          continue
        }
        if byte.isLetter || byte >= 0xC3 {
          let start = index
          while index < cell.count, cell[index].isLetter || cell[index] >= 0x80 { index += 1 }
          guard takeWord(String(decoding: cell[start..<index], as: UTF8.self).lowercased()) else { return false }
          last = byte
          continue
        }
        guard "-/.:, +".utf8.contains(byte) else { return false }
        // A sign at the front is a number's.
        if index == 0 { return false }
        last = byte
        index += 1
      }
      return true
    }

    private mutating func takeWord(_ word: String) -> Bool {
      switch word {
      case "t", "z", "utc", "gmt", "st", "nd", "rd", "th", "h": return true
      case "q", "w":
        isPartOfYear = true
        return date.count <= 1
      case "de": return month != nil || !date.isEmpty
      case "am", "pm": isAfternoon = word == "pm"
      default:
        let short = String(word.prefix(3))
        if month == nil, let found = CellDate.foreignMonths[word] {
          month = found
        } else if let found = CellDate.months.firstIndex(of: short), month == nil {
          month = found + 1
        } else {
          return ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].contains(short)
        }
      }
      return true
    }

    /// A time of day with points between its numbers, as Italian tables have it: 18.00.00.
    var clock: Reading? {
      guard date.count == 3, time.isEmpty, month == nil, separators == [UInt8(ascii: ".")],
        date.allSatisfy({ $0.digits <= 2 }), date[0].value < 25, date[1].value < 60, date[2].value < 60
      else { return nil }
      return Reading(isTimeOfDay: true, code: Double(date[0].value * 3600 + date[1].value * 60 + date[2].value))
    }

    var reading: Reading? {
      if date.isEmpty, month == nil {
        guard time.count >= 2, time[0] < 25, time[1] < 60 else { return nil }
        return Reading(isTimeOfDay: true, code: secondsOfDay)
      }
      guard !date.isEmpty, time.isEmpty || time.count >= 2 else { return nil }
      let clock = secondsOfDay
      func full(_ year: Int) -> Int { year < 100 ? year + (year < 70 ? 2000 : 1900) : year }
      func days(_ year: Int, _ month: Int, _ day: Int) -> Double? {
        guard (1...12).contains(month), (1...31).contains(day) else { return nil }
        return Double((full(year) * 12 + month) * 31 + day) + clock / 86400
      }
      if let month {
        // 5 Jan 2024, Jan 5, 2024, Jan 2024.
        let year = date.first { $0.digits == 4 }?.value ?? date.last?.value ?? 0
        let day = date.first { $0.digits < 4 && $0.value != year }?.value ?? 1
        let place = days(year, month, day)
        return place.map {
          Reading(
            dayFirst: $0, monthFirst: $0,
            code: CellDate.code(full(year), month, min(day, 31), clock, isAmbiguous: false))
        }
      }
      if isPartOfYear {
        // 2014Q4, 2014-W07, Q4 2014.
        guard date.count == 2, let year = date.first(where: { $0.digits == 4 })?.value,
          let part = date.first(where: { $0.digits <= 2 })?.value, (1...53).contains(part)
        else { return nil }
        let place = Double(year * 372 + part)
        return Reading(
          dayFirst: place, monthFirst: place, code: CellDate.code(year, part / 32, part % 32, 0, isAmbiguous: false))
      }
      // 1.5,10 is two numbers.
      guard date.count >= 2, separators.count == 1, !separators.isSubset(of: [UInt8(ascii: ","), UInt8(ascii: " ")])
      else {
        return nil
      }
      if date[0].digits == 4 {
        let (year, month, day) = (date[0].value, date[1].value, date.count > 2 ? date[2].value : 1)
        return days(year, month, day).map {
          Reading(dayFirst: $0, monthFirst: $0, code: CellDate.code(year, month, day, clock, isAmbiguous: false))
        }
      }
      // 1.5 and 12.75 are numbers: a date has three parts.
      guard date.count == 3, date[0].digits <= 2, date[1].digits <= 2, [2, 4].contains(date[2].digits) else {
        return nil
      }
      let year = date[2].value
      let reading = Reading(
        dayFirst: days(year, date[1].value, date[0].value), monthFirst: days(year, date[0].value, date[1].value),
        code: CellDate.code(full(year), min(date[0].value, 31), min(date[1].value, 31), clock, isAmbiguous: true))
      return reading.dayFirst == nil && reading.monthFirst == nil ? nil : reading
    }

    private var secondsOfDay: Double {
      guard time.count >= 2 else { return 0 }
      var hours = time[0]
      if isAfternoon == true, hours < 12 { hours += 12 }
      if isAfternoon == false, hours == 12 { hours = 0 }
      return hours * 3600 + time[1] * 60 + (time.count > 2 ? time[2] : 0)
    }
  }
}
