import Experiments
import Testing
import Training

@Suite struct SessionFileTests {
  private func message(_ text: String) -> String? {
    do throws(InputError) {
      _ = try SessionFile.parse(text, file: "s")
      return nil
    } catch {
      return error.description
    }
  }

  @Test func roundTrips() throws {
    var experiment = Experiment()
    try experiment.set("training.k2", "5")
    try experiment.set("task.name", "csv")
    try experiment.set("task.file", "\"a: b.csv\"")
    let journal = [
      JournalEntry(update: 0, key: "training.k1", value: "full"),
      JournalEntry(update: 12, key: "training.optimizer.learning_rate", value: "0.0125"),
      JournalEntry(update: 12, key: "task.columns", value: "[\"a, b\", c]"),
      JournalEntry(update: 90, key: "network.init.spectral_radius", value: "null"),
      JournalEntry(update: 90, key: "task.file", value: "\"x #1: y.csv\""),
    ]
    for changes in [[], journal] {
      let session = Session(experiment: experiment, journal: changes, updates: 100)
      #expect(try SessionFile.parse(SessionFile.text(session), file: "s") == session)
    }
  }

  @Test(arguments: [
    ("", "s:1: found no mapping, expected updates, experiment, journal"),
    ("updates: -1", "s:1: updates: expected a whole number from 0"),
    ("updates: 3\nexperimnt: {}", "s:2: experimnt: unknown key, expected one of updates, experiment, journal"),
    (
      "updates: 3\nexperiment: {sed: 1}",
      "s:2: sed: unknown key, expected one: task, network, training, precision, seed, solved, guess; nearest is seed"
    ),
    (
      "updates: 3\njournal:\n  - {update: 4, key: seed, value: 1}",
      "s:3: journal: found update 4, expected the updates ascending to 3"
    ),
    (
      "updates: 3\njournal:\n  - {update: 2, key: seed, value: x}",
      "s:3: seed: found x, expected a whole number from 0 to 18446744073709551615"
    ),
    (
      "updates: 3\njournal:\n  - {update: 2, key: seed}",
      "s:3: journal: found a mapping, expected {update: NUMBER, key: KEY, value: VALUE}"
    ),
  ])
  func refuses(text: String, expected: String) {
    #expect(message(text) == expected)
  }
}
