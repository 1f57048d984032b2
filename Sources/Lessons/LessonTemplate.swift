/// A lesson file to begin with.
public enum LessonTemplate {
  /// The file, explained.
  public static let text = """
    # A lesson for `bpttop lesson FILE`. How it is written: Demos/lessons/README.md.
    title: My first lesson
    minutes: 5
    after: [unrolling]
    experiment:
      task: {name: sine, length: 20}
      network: {hidden: 8}
      training: {batch: 4}
      view: {start: paused}
    teacher:
      aim: What students can do after it.
      ahead: What to do with a room that is ahead.
      behind: What to leave out with a room that is behind.
    steps:
      - show: [gradient-norm, loss]
        say: |
          The network has {units|i} units. The sequence has {n|i} steps. Each *update* moves the weights so that the *loss*, the error of the answers, comes down.
        claims: ["units == 8"]
      - ask: "One update is made. What is the loss of the next batch?"
        reveal: {train: 2}
        choice:
          - {text: "The same as before.", if: "recent_loss[2] == recent_loss[1]", why: "Weights and data have changed."}
          - {text: "0: it was learned.", if: "recent_loss[2] == 0", why: "An update is one small step."}
          - {text: "Another one, over 0.", if: "recent_loss[2] > 0 and recent_loss[2] != recent_loss[1]"}
        why: "It was {recent_loss[1]}, and now it is {recent_loss[2]}."
        claims: ["update == 2"]
      - wait: {until: "k2 <= 10", hint: "Press {{ until k2 is 10 or less.", keys: ["{"]}
      - say: |
          That was it. Check the file with `bpttop lesson FILE --check`.
    """
}
