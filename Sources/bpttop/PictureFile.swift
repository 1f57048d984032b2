import Canvas
import Experiments

/// A frame as a file, in the form that the file's name says; any other name gets text with colors.
enum PictureFile {
  /// Writes `frame`, which was drawn with `theme`, whole or not at all.
  static func write(_ frame: Buffer, _ theme: Theme, title: String = "bpttop", to path: String) throws {
    switch PictureForm(path: path) {
    case .svg: try OutputFile.write(frame.svg(title: title, theme: theme), to: path)
    case .png: try PNGFile.write(svg: frame.svg(title: title, theme: theme), to: path)
    case .text: try OutputFile.write(frame.plainText, to: path)
    case .ansi, nil: try OutputFile.write(frame.ansi(theme.colors), to: path)
    }
  }
}
