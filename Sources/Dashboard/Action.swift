import Canvas
import Sources
import Training

/// Everything that can happen to the dashboard.
public enum Action: Sendable {
  /// A key was pressed, at a time since some fixed moment: a key that is held goes faster.
  case key(Key, at: Duration = .zero)
  /// The mouse was used.
  case pointer(PointerEvent)
  /// Text was pasted.
  case paste(String)
  /// A command was given, by whatever means.
  case command(Command)
  /// The screen has this size now.
  case resize(Size)
  /// The source told something.
  case news(SourceNews)
  /// The experiment of a demo was read: it is to be trained.
  case open(Demo, Experiment)
  /// Something to say (a file was written).
  case message(String)
  /// Something failed (a file could not be written).
  case failure(String)
  /// A file is being written; nil when it is done.
  case progress(Progress?)
}

/// What the program has to do for the dashboard: everything that is not a change of its own state.
public enum Effect: Hashable, Sendable {
  /// Tell the source.
  case source(Trainer.Command)
  /// Write the screen, or a panel of it, as a picture.
  case savePicture(PictureRequest)
  /// Write the pass that is shown as a trace with the numbers on the screen; the experiment as a file.
  case exportTrace, saveExperiment
  /// Keep these panels, by their names, as those that every session opens with.
  case savePanels([String])
  /// Write everything, to go on from here at another time.
  case saveSession
  /// Go on with the session that ended by itself.
  case takeUpSession
  /// Read the experiment of a demo, to open it.
  case read(Demo)
  /// Stop writing a file.
  case cancelWriting
  /// Paint every cell anew; stop as Ctrl-Z does; end.
  case repaint, suspend, quit
}

extension Command {
  /// What a source must take, for the command to mean anything.
  var needs: Capabilities.Commands {
    switch self {
    case .runOrPause, .stepForward, .stepBack, .cursorLeft, .cursorRight, .updateForward, .updateBack, .faster, .slower:
      .control
    case .turn, .nextTruncation, .toggleLSTM, .undo, .restart, .restartPresent, .newSeed, .prompt, .demos,
      .saveExperiment,
      .saveSession:
      .change
    case .fork, .closeLane: .fork
    default: []
    }
  }
}

/// What a key can ask for.
public enum Command: Hashable, Sendable {
  case quit, suspend, repaint
  case help, escape, zoom, nextTheme, toggleBig, nextPreset
  case focusNext, focusPrevious
  case panel(digit: Int)
  case runOrPause, stepForward, stepBack, updateForward, updateBack, faster, slower
  /// The cursor of the pass to the step at its left or right on the screen, in the part of the pass where it is.
  case cursorLeft, cursorRight
  /// To the first and the last place of the pass, ten places on or back, to the next step with a loss.
  case passStart, passEnd, passForward, passBack, nextLoss
  /// Turn the knob of a dotted key by one step, up or down.
  case turn(key: String, up: Bool)
  /// Look into the layer above, or below; show the products of Jacobians another way.
  case layerUp, layerDown, nextProductView
  /// Take the next truncation of the presets; an LSTM, or back from it.
  case nextTruncation, toggleLSTM
  /// Undo the last change of a setting; begin again as loaded, from the present settings, with the next seed.
  case undo, restart, restartPresent, newSeed
  /// Fork a second lane, or focus the other; close the one that has the focus.
  case fork, closeLane
  case prompt, find, demos
  case saveScreen, exportTrace, saveExperiment, saveSession, takeUpSession
}
