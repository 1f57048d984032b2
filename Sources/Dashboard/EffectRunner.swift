import Canvas
import Instruments
import Sources
import Training

/// Does what the dashboard wants done, for the terminal, a drawn frame and tests alike: commands go to the source, files to
/// the outlet, and what comes back is taken into the state.
public struct EffectRunner {
  /// What the screen shows.
  public internal(set) var state: DashboardState
  let source: any Source
  private let files: any FileOutlet
  private let readDemo: (@Sendable (Demo) throws -> Experiment)?

  /// What is left to the program's loop.
  public enum Outcome: Hashable, Sendable {
    /// The frame is as it was; it changed; it is to be written anew.
    case idle, redraw, repaint
    /// The process is to be stopped, as Ctrl-Z does; the loop is to end.
    case suspend, quit
    /// The session that ended by itself is to be taken up.
    case takeUpSession
  }

  /// A dashboard on a source, whose files go to `files`; `readDemo` reads the experiment of a demo.
  public init(
    _ state: DashboardState, source: any Source, files: any FileOutlet,
    readDemo: (@Sendable (Demo) throws -> Experiment)? = nil
  ) {
    self.readDemo = readDemo
    self.state = state
    self.source = source
    self.files = files
    self.state.capabilities = source.capabilities
  }

  /// Takes an action and does what comes of it.
  public mutating func handle(_ action: Action) -> Outcome {
    let outcome = perform(reduce(into: &state, action))
    source.look(state.requests)
    return outcome
  }

  /// Takes what has come from the source and the outlet.
  public mutating func takeNews() -> Outcome {
    var outcome = Outcome.idle
    // What is read for one piece of news may be news itself.
    for _ in 0..<4 {
      let news = source.takeNews().map(Action.news) + files.takeNews()
      if news.isEmpty { break }
      // What a run that is watched tells is known when it has told it.
      state.capabilities = source.capabilities
      for action in news { outcome = perform(reduce(into: &state, action)) }
      // The cursor may have come to another step with it.
      source.look(state.requests)
    }
    return outcome
  }

  /// Gives a panel the whole screen, and takes what is read for it.
  public mutating func zoom(to panel: PanelID) {
    state.show(panel)
    state.zoomed = panel
    source.look(state.requests)
    _ = takeNews()
  }

  /// Shows these panels and no others, and takes what is read for them.
  public mutating func show(_ panels: [PanelID]) {
    (state.panelsOn, state.askedFor, state.zoomed) = (Set(panels), panels, nil)
    source.look(state.requests)
    _ = takeNews()
  }

  /// Takes what was read of the lanes before, for the panels that draw it over the updates.
  public mutating func follow(_ trends: [LaneID: Trends]) {
    for index in state.lanes.indices { state.lanes[index].trends = trends[state.lanes[index].id] ?? Trends() }
  }

  /// Takes the size of the screen without an event.
  public mutating func resize(_ size: Size) { state.size = size }

  /// Takes another theme.
  public mutating func restyle(_ theme: Theme) { state.theme = theme }

  mutating func perform(_ effects: [Effect]) -> Outcome {
    var outcome = Outcome.redraw
    for effect in effects {
      switch effect {
      case .source(let command): source.send(command)
      case .savePicture(let request):
        var drawn = state
        if let name = request.theme { drawn.theme = state.theme.with(name) }
        let panel = state.panels.named(request.subject)
        write(.picture(panel.map { render($0, drawn) } ?? render(drawn), drawn.theme, request))
      case .exportTrace:
        let pass = state.lane.shown?.pass
        // A pass that exploded is no trace; what came before it is kept.
        if let box = pass?.blackBox, pass?.explosion != nil {
          write(.blackBox(box))
        } else if let readings = state.readingsFile {
          write(.trace(pass, readings))
        } else {
          outcome = perform(reduce(into: &state, .failure("no pass to export: this run has none, or none yet")))
        }
      case .saveExperiment:
        var experiment = state.experiment
        experiment.view.pace = state.speed.updatesPerSecond
        write(.experiment(experiment, of: state.lanes.count > 1 ? state.lane.id : nil))
      case .savePanels(let names): write(.panels(names))
      case .saveSession:
        // What is opened again is to be what goes on here, `u` included.
        source.send(.keepLanes)
        saveSession(to: files, afterSteps: true)
      case .read(let demo): outcome = open(demo)
      case .takeUpSession: outcome = .takeUpSession
      case .cancelWriting: files.cancel()
      case .repaint: outcome = .repaint
      case .suspend: outcome = .suspend
      case .quit: return .quit
      }
    }
    return outcome
  }

  private mutating func open(_ demo: Demo) -> Outcome {
    do {
      guard let experiment = try readDemo?(demo) else {
        return perform(reduce(into: &state, .failure("no demos here")))
      }
      return perform(reduce(into: &state, .open(demo, experiment)))
    } catch {
      return perform(reduce(into: &state, .failure("\(error)")))
    }
  }

  private func write(_ file: OutletFile) { files.write(file, update: state.newest?.update ?? 0) }

  /// Has everything that a session needs written to an outlet.
  ///
  /// - Parameters:
  ///   - outlet: what writes it.
  ///   - afterSteps: whether the steps that were asked for before are made first; else it is written as it stands.
  public func saveSession(to outlet: any FileOutlet, afterSteps: Bool) {
    let view = state.view
    // Named after the update that is saved, which may lie ahead of the one on the screen.
    source.checkpoints(afterSteps: afterSteps) {
      outlet.write(.session($0, view), update: $0.values.map(\.update).max() ?? 0)
    }
  }
}
