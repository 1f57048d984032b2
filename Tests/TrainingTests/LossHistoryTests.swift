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

  @Test("taking updates back and making them again leaves the same history", arguments: [1, 7, 300, 1000])
  func takenBack(count: Int) {
    for updates in [1000, 1100, 5000, 9999] {
      let whole = history(updates)
      var cut = whole
      cut.truncate(after: updates - count)
      #expect(cut.newest?.update == (count < updates ? updates - count : nil))
      #expect(cut.buckets.reduce(0) { $0 + $1.count } == updates - count)
      for update in updates - count..<updates { cut.append(record(update + 1)) }
      let sameRecent = cut.recent == whole.recent
      #expect(sameRecent)
      // A mean is summed in another order; all else is the same.
      let same = zip(cut.buckets, whole.buckets).allSatisfy { a, b in
        var a = a
        let close = abs(a.lossMean - b.lossMean) < 1e-9 && abs(a.normMean - b.normMean) < 1e-9
        (a.lossMean, a.normMean) = (b.lossMean, b.normMean)
        return close && a == b
      }
      #expect(same && cut.buckets.count == whole.buckets.count)
    }
  }
}
