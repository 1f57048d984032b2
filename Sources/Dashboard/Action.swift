import Canvas
import Training

/// Everything that can happen to the dashboard.
public enum Action: Sendable {
  /// A key was pressed.
  case key(Key)
  /// A command was given, by whatever means.
  case command(Command)
  /// The screen has this size now.
  case resize(Size)
  /// The trainer published its state.
  case snapshot(Snapshot)
  /// The analyst finished the numbers of a snapshot.
  case analysis(Analysis)
  /// Something to say (a file was written).
  case message(String)
  /// Something failed (a file could not be written).
  case failure(String)
  /// The trainer refused a change, and why.
  case refused(key: String, reason: String)
}

/// What the program has to do for the dashboard: everything that is not a change of its own state.
public enum Effect: Hashable, Sendable {
  /// Train by itself, or stop after the present update.
  case run, pause
  /// Make so many updates, then stay paused.
  case update(count: Int)
  /// Go back so many updates, bit for bit.
  case rewind(updates: Int)
  /// Set a dotted key of the experiment, the value as the experiment file would write it.
  case apply(key: String, value: String)
  /// Set several keys in one change that begins a new run.
  case begin([Setting])
  /// Begin again at update 0 from the same weights.
  case restart
  /// At most so many updates a second; nil is as many as the machine makes.
  case speed(Double?)
  /// Write the screen as an SVG file; the present window as a trace.
  case saveScreen, exportTrace
  /// Paint every cell anew; stop as Ctrl-Z does; end.
  case repaint, suspend, quit
}

/// What a key can ask for.
public enum Command: Hashable, Sendable {
  case quit, suspend, repaint
  case help, escape, zoom
  case focusNext, focusPrevious
  case panel(digit: Int)
  case runOrPause, stepForward, stepBack, updateForward, updateBack, faster, slower
  /// Turn the knob of a dotted key by one step, up or down.
  case turn(key: String, up: Bool)
  /// Look into the layer above, or below; show the products of Jacobians another way.
  case layerUp, layerDown, nextProductView
  /// Take the next truncation of the presets.
  case nextTruncation
  case restart, newSeed
  case prompt, find
  case saveScreen, exportTrace
}
