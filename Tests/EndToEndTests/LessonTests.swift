import Foundation
import Testing

extension EndToEnd {
  /// Lessons from the command line and in a terminal.
  @Suite(.serialized) struct Lessons {
    /// A place for files that goes with the test.
    private func inFolder(_ body: (String) throws -> Void) throws {
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bpttop-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      try body(folder.path)
    }

    @Test("Every lesson is proved at ten seeds", .enabled(if: Bpttop.isRelease))
    func check() throws {
      let (status, output) = try runTool(Bpttop.path, ["lesson", "--check"])
      #expect(status == 0, "\(output)")
      let lines = output.split(separator: "\n")
      #expect(lines.count >= 16)
      #expect(lines.allSatisfy { $0.contains(": ok, ") && $0.hasSuffix("10 seeds") }, "\(output)")
    }

    @Test("A file to begin with is right as it is; a false claim ends with 1, what is no lesson with 2")
    func ownLesson() throws {
      try inFolder { folder in
        let (status, text) = try runTool(Bpttop.path, ["lesson", "new"])
        #expect(status == 0)
        let path = folder + "/mine.yaml"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        let check = try runTool(Bpttop.path, ["lesson", path, "--check", "--seeds", "3"])
        #expect(check.status == 0, "\(check.output)")
        #expect(check.output.contains("mine: ok, 4 steps, 1 questions"))
        let events = try runTool(Bpttop.path, ["lesson", path, "--seeds", "1", "--events", "300"])
        #expect(
          events.status == 0 && events.output.contains("mine: 300 random events: ok, 4 of 4 steps shown"),
          "\(events.output)")
        try text.replacing("units == 8", with: "units == 9").write(toFile: path, atomically: true, encoding: .utf8)
        let wrong = try runTool(Bpttop.path, ["lesson", path, "--check", "--seeds", "1"])
        #expect(wrong.status == 1)
        let line = text.split(separator: "\n", omittingEmptySubsequences: false).firstIndex {
          $0.contains("units == 8")
        }
        #expect(wrong.output.contains("\(path):\((line ?? 0) + 1): the claim 'units == 9' is false"), "\(wrong.output)")
        #expect(wrong.output.components(separatedBy: "bpttop: ").count == 2, "one line of \(wrong.output)")
        try text.replacing("after: [unrolling]", with: "after: [unroling]")
          .write(toFile: path, atomically: true, encoding: .utf8)
        let stray = try runTool(Bpttop.path, ["lesson", path, "--check", "--seeds", "1"])
        #expect(
          stray.status == 1 && stray.output.contains("\(path):4: after: found unroling, expected a file unroling.yaml"))
        #expect(stray.output.contains("nearest is unrolling"))
        let unknown = try runTool(Bpttop.path, ["lesson", "vanishin"])
        #expect(unknown.status == 2)
        #expect(unknown.output.contains("nearest is vanishing"))
      }
    }

    @Test("A worksheet is a PDF of the pages that it needs, or Markdown; the teacher's page names every question")
    func sheets() throws {
      try inFolder { folder in
        let markdown = folder + "/sheet.md", pdf = folder + "/sheet.pdf"
        #expect(try runTool(Bpttop.path, ["lesson", "unrolling", "--worksheet", markdown]).status == 0)
        let text = try String(contentsOfFile: markdown, encoding: .utf8)
        #expect(text.contains("## Question 5") && text.contains("# Key: "))
        let (status, output) = try runTool(Bpttop.path, ["lesson", "unrolling", "--worksheet", pdf])
        if output.contains("rsvg-convert is not installed") { return #expect(status == 2) }
        #expect(status == 0, "\(output)")
        let bytes = try Data(contentsOf: URL(fileURLWithPath: pdf))
        #expect(bytes.prefix(5) == Data("%PDF-".utf8))
        let teacher = try runTool(Bpttop.path, ["lesson", "unrolling", "--teacher"])
        #expect(teacher.output.contains("5. **"))
      }
    }

    @Test(
      "A lesson that is killed at any step, or at its answer, is taken up there",
      arguments: ["by-hand", "truncation", "exploding", "trees"])
    func killed(_ name: String) throws {
      try inFolder { folder in
        func start(_ more: [String] = []) throws -> PseudoTerminal {
          try PseudoTerminal(
            Bpttop.path, ["lesson", name] + more, width: 100, height: 30, environment: ["XDG_STATE_HOME": folder])
        }
        func kill(_ terminal: PseudoTerminal) {
          Glibc.kill(terminal.identifier, SIGKILL)
          #expect(terminal.end() == 128 + SIGKILL)
        }
        let kept = folder + "/bpttop/lessons"
        var steps = 1, step = 1
        while step <= steps {
          let first = try start(["--from", "\(step)"])
          #expect(first.time(until: "step \(step) of ") != nil, "step \(step)")
          let words = try #require(first.output.firstMatch(of: /step \d+ of (\d+)/))
          steps = Int(words.1) ?? 0
          // Some are killed while an answer is shown.
          if step.isMultiple(of: 2) { first.type("1\r") }
          // A line is the name, the step, and how the questions were answered. The keys may already have led one step on.
          func left() -> Int? {
            let text = try? String(contentsOfFile: kept, encoding: .utf8)
            return text?.firstMatch(of: #/^[a-z-]+ (\d+)/#).flatMap { Int($0.1) }
          }
          let reached = step.isMultiple(of: 2) ? [step - 1, step] : [step - 1]
          #expect(wait { left().map(reached.contains) == true }, "step \(step): \(String(describing: left()))")
          usleep(50_000)
          kill(first)
          let now = try #require(left())
          #expect(reached.contains(now), "step \(step): \(now)")
          // A lesson that is done begins again.
          let second = try start()
          #expect(second.time(until: "step \(now < steps ? now + 1 : 1) of \(steps)") != nil, "step \(step)")
          kill(second)
          step += 1
        }
        #expect(steps >= 7)
      }
    }

    @Test("A lesson in a terminal asks, reveals, and is taken up where it was left")
    func inTerminal() throws {
      try inFolder { folder in
        for turn in 0..<2 {
          let tmux = try Tmux(width: 100, height: 30, environment: ["XDG_STATE_HOME": folder])
          try tmux.enter(Bpttop.path + " lesson by-hand")
          if turn == 0 {
            // The frame with the step's number comes before its text, and only its text is gone on from.
            #expect(try tmux.shows("The network should say"))
            try tmux.press("Enter")
            #expect(try tmux.shows("What is the loss of step 4?"))
            try tmux.press("9", "Enter")
            #expect(try tmux.shows("second try"))
            try tmux.press("Enter")
            #expect(try tmux.shows("No: the answer is "))
            try tmux.press("Enter")
          }
          #expect(try tmux.shows("step 3 of 9"), "turn \(turn)")
          try tmux.press("q")
          #expect(try tmux.ended())
        }
      }
    }
  }
}
