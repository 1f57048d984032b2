import Testing

@testable import Training

private func record(_ update: Int) -> UpdateRecord {
  var record = UpdateRecord()
  record.update = update
  record.loss = Double((update * 37) % 101)
  record.gradientNorm = Double((update * 53) % 97)
  record.clipScale = update % 4 == 0 ? 0.5 : 1
  return record
}

private func history(_ updates: Int) -> LossHistory {
  var history = LossHistory()
  for update in 0..<updates { history.append(record(update + 1)) }
  return history
}

@Suite("Loss history")
struct LossHistoryTests {
  @Test("buckets sum up every update once, in order, and stay few", arguments: [1, 511, 512, 513, 1024, 5000, 70_001])
  func buckets(updates: Int) {
    let history = history(updates)
    #expect(history.buckets.count <= 512)
    #expect(updates < 256 || history.buckets.count >= 256)
    #expect(history.recent.map(\.update) == Array(max(1, updates - 255)...updates))
    var next = 1
    for bucket in history.buckets {
      #expect(bucket.firstUpdate == next)
      let records = (next..<next + bucket.count).map(record)
      let losses = records.map(\.loss), norms = records.map(\.gradientNorm)
      #expect(bucket.lossMinimum == losses.min() && bucket.lossMaximum == losses.max())
      #expect(bucket.normMinimum == norms.min() && bucket.normMaximum == norms.max())
      #expect(abs(bucket.lossMean - losses.reduce(0, +) / Double(bucket.count)) < 1e-9)
      #expect(abs(bucket.normMean - norms.reduce(0, +) / Double(bucket.count)) < 1e-9)
      #expect(bucket.clippedCount == records.count { $0.clipScale < 1 })
      #expect(bucket.clipScaleMinimum == records.map(\.clipScale).min())
      next += bucket.count
    }
    #expect(next == updates + 1)
  }

  @Test("the records of a range are there one by one for 256 updates or more, or not at all")
  func records() {
    let history = history(1000)
    #expect(history.records(after: 744, upTo: 1000)?.map(\.update) == Array(745...1000))
    #expect(history.records(after: 990, upTo: 990)?.isEmpty == true)
    #expect(history.records(after: 1, upTo: 1000) == nil && history.records(after: 990, upTo: 1001) == nil)
  }

  @Test("the first clipped update and the largest norm are known, however long ago they were")
  func marks() {
    let history = history(5000)
    #expect(history.firstClipped == 4)
    // 53 k ≡ 96 (mod 97) first at k = 11: 53 · 11 = 6 · 97 + 1; and 53 k ≡ -1 at 97 - 11.
    #expect(history.largestNorm == LossHistory.Mark(update: 86, value: 96))
    #expect(LossHistory().largestNorm == nil && LossHistory().spikes.isEmpty)
  }

  @Test("a loss far above the quartiles of the 32 before is a spike; the first of neighbors counts")
  func spikes() {
    var history = LossHistory()
    for update in 1...400 {
      var record = record(update)
      // Quartiles of about 1 and 1.75, a spread of 0.75: a spike begins at about 6.25.
      record.loss = 0.5 + Double((update * 7) % 8) / 4
      if update == 20 || update == 200 || update == 201 { record.loss = 9 }
      if update == 300 { record.loss = 5 }
      history.append(record)
    }
    // At 20 there are too few to tell.
    #expect(history.spikes == [LossHistory.Mark(update: 200, value: 9)])
    var constant = LossHistory()
    for update in 1...100 {
      var record = record(update)
      record.loss = update == 80 ? 1 + 1e-6 : 1
      constant.append(record)
    }
    #expect(constant.spikes.isEmpty)
  }
}
