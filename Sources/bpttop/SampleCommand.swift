import ArgumentParser
import Experiments
import Training

/// `bpttop sample`: a network that was trained on a text writes.
struct SampleCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sample", abstract: "Continues a prompt with a network that was trained on a text.",
    discussion: """
      The network reads the prompt from a state of 0, then draws each character from its own distribution and reads it back \
      in. The weights are those of --weights, or of --updates updates of the experiment. Only the characters that are drawn \
      are printed.

      EXAMPLES
        bpttop train text --updates 3000 --checkpoint w.safetensors
        bpttop sample text --weights w.safetensors --prompt 'Alice was ' --temperature 0.6
      """)

  @OptionGroup var options: ExperimentOptions
  @OptionGroup var given: StartOptions
  @Option(parsing: .unconditional, help: "Updates to make first.", transform: Reading.count) var updates = 0
  @Option(help: "The text that it reads first.") var prompt = ""
  @Option(parsing: .unconditional, help: "How many characters it writes.", transform: Reading.positive) var length = 400
  @Option(
    parsing: .unconditional,
    help: "Below 1 likely characters become likelier, above 1 rarer ones; 0 takes the likeliest each time.",
    transform: Reading.temperature)
  var temperature = 1.0
  @Option(parsing: .unconditional, help: "Of the draws: the same number, the same text.", transform: Reading.count)
  var draw = 1

  func run() throws {
    var source = try options.read(given)
    let (start, readings) = try given.read(&source, options)
    let run = try options.run(source, start: start)
    try options.announce(readings + [run.reading], outputs: ["-"])
    Interruption.watch()
    var bar = ProgressBar(total: updates)
    while run.update < updates, Interruption.signalNumber == nil {
      guard run.trainOnce() == .trained else { break }
      bar.show(done: run.update, loss: run.newest?.loss ?? .nan)
    }
    bar.end()
    if let number = Interruption.signalNumber { throw ExitCode(128 + number) }
    if let explosion = run.explosion {
      throw Failure.run("update \(explosion.update) exploded: \(explosion.factor) is not finite")
    }
    let text = try options.trying(source) { () throws(TrainingError) in
      try run.write(length: length, prompt: prompt, temperature: temperature, seed: UInt64(draw))
    }
    try StandardOutput.print(text)
  }
}
