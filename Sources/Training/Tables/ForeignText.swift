/// Files that are no text, by their first bytes, and what makes a text of them.
enum ForeignText {
  private static let kinds: [(mark: [UInt8], found: String, expected: String)] = [
    ([0x1F, 0x8B], "a gzip archive", "a text: gunzip FILE, or zcat FILE | bpttop … task.file=/dev/stdin"),
    ([0x42, 0x5A, 0x68], "a bzip2 archive", "a text: bunzip2 FILE"),
    ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "an xz archive", "a text: unxz FILE"),
    ([0x28, 0xB5, 0x2F, 0xFD], "a zstd archive", "a text: unzstd FILE"),
    (
      [0xD0, 0xCF, 0x11, 0xE0], "an old Excel workbook",
      "a text: python3 -c \"import pandas; pandas.read_excel('FILE').to_csv('table.csv', index=False)\""
    ),
    (
      Array("PAR1".utf8), "a Parquet file",
      "a text: python3 -c \"import pandas; pandas.read_parquet('FILE').to_csv('table.csv', index=False)\""
    ),
    (
      Array("ARROW1".utf8), "a Feather file",
      "a text: python3 -c \"import pandas; pandas.read_feather('FILE').to_csv('table.csv', index=False)\""
    ),
    (
      [0x89] + Array("HDF".utf8), "an HDF5 file",
      "a text: python3 -c \"import pandas; pandas.read_hdf('FILE').to_csv('table.csv', index=False)\""
    ),
    (
      [0x93] + Array("NUMPY".utf8), "a NumPy array",
      "a text: python3 -c \"import numpy as n; n.savetxt('table.csv', n.load('FILE'), delimiter=',')\""
    ),
    (
      Array("SQLite format 3".utf8), "an SQLite database",
      "a text: sqlite3 -csv -header FILE 'select * from TABLE' > table.csv"
    ),
    (
      Array("$FL2".utf8), "an SPSS file",
      "a text: python3 -c \"import pandas; pandas.read_spss('FILE').to_csv('table.csv', index=False)\""
    ),
    (
      [UInt8](repeating: 0, count: 12) + [0xC2, 0xEA, 0x81, 0x60], "a SAS file",
      "a text: python3 -c \"import pandas; pandas.read_sas('FILE', format='sas7bdat').to_csv('table.csv', index=False)\""
    ),
    (
      Array("HEADER RECORD*******LIBRARY".utf8), "a SAS transport file",
      "a text: python3 -c \"import pandas; pandas.read_sas('FILE', format='xport').to_csv('table.csv', index=False)\""
    ),
    (
      Array("<stata_dta>".utf8), "a Stata file",
      "a text: python3 -c \"import pandas; pandas.read_stata('FILE').to_csv('table.csv', index=False)\""
    ),
    (
      Array("CDF\u{1}".utf8), "a netCDF file",
      "a text: python3 -c \"import xarray; xarray.open_dataset('FILE').to_dataframe().to_csv('table.csv')\""
    ),
    (
      Array("CDF\u{2}".utf8), "a netCDF file",
      "a text: python3 -c \"import xarray; xarray.open_dataset('FILE').to_dataframe().to_csv('table.csv')\""
    ),
    (
      Array("version https://git-lfs.github.com/spec".utf8), "a pointer of Git LFS, which stands for the file",
      "the file itself: git lfs pull"
    ),
    (Array("%PDF-".utf8), "a PDF file", "a text: pdftotext FILE"),
    (
      Array("MATLAB 5.0".utf8), "a MATLAB file",
      "a text: python3 -c \"import scipy.io, numpy as n; n.savetxt('table.csv', scipy.io.loadmat('FILE')['NAME'], delimiter=',')\""
    ),
    ([0x89] + Array("PNG".utf8), "a picture (PNG)", "a text"), ([0xFF, 0xD8, 0xFF], "a picture (JPEG)", "a text"),
  ]

  /// What a file is, and what to do; nil where its first bytes may be a text's.
  static func problem(_ head: [UInt8]) -> (found: String, expected: String)? {
    if head.starts(with: [0x50, 0x4B, 0x03, 0x04]) { return archive(head) }
    if head.count > 262, head[257..<262].elementsEqual("ustar".utf8) {
      return ("a tar archive", "a text: tar -xf FILE")
    }
    if head.count > 12, head.starts(with: Array("RIFF".utf8)), head[8..<12].elementsEqual("WAVE".utf8) {
      return (
        "a sound (WAVE)",
        "a text: python3 -c \"import scipy.io.wavfile as w, numpy as n; n.savetxt('table.csv', w.read('FILE')[1], "
          + "delimiter=',')\""
      )
    }
    // A pickle says the version of its protocol first.
    if head.count > 2, head[0] == 0x80, (2...5).contains(head[1]), head[2] == 0x95 || head[2] == 0x8A {
      return ("a pickle", "a text: \(pandas("read_pickle"))")
    }
    return kinds.first { head.starts(with: $0.mark) }.map { ($0.found, $0.expected) }
  }

  /// What a table begins with that is no table but a text of another kind; nil where it may be one.
  static func problem(ofTable text: [UInt8]) -> (found: String, expected: String)? {
    // Comments may stand before.
    let lines = text.split(separator: 0x0A).drop { $0.first == UInt8(ascii: "%") }
    let start = (lines.first.map { text[$0.startIndex...] } ?? text[...]).drop {
      $0 == 0x20 || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D
    }
    let isRecords = start.starts(with: Array("{\"".utf8))
    if isRecords || start.starts(with: Array("[{".utf8)) || start.starts(with: Array("[[".utf8)) {
      let isLines = isRecords && start.contains(0x0A)
      return ("JSON", "a table: \(pandas("read_json", isLines ? ", lines=True" : ""))")
    }
    let head = String(decoding: start.prefix(64), as: UTF8.self).lowercased()
    if ["<html", "<!doctype html", "<table"].contains(where: head.hasPrefix) {
      return (
        "HTML", "a table: python3 -c \"import pandas; pandas.read_html('FILE')[0].to_csv('table.csv', index=False)\""
      )
    }
    if head.hasPrefix("@relation") {
      return (
        "an ARFF file",
        "a table: python3 -c \"import pandas, scipy.io.arff as a; pandas.DataFrame(a.loadarff('FILE')[0]).to_csv('table.csv', "
          + "index=False)\""
      )
    }
    if head.hasPrefix("<?xml") { return ("XML", "a table: \(pandas("read_xml"))") }
    return nil
  }

  private static func pandas(_ reader: String, _ options: String = "") -> String {
    "python3 -c \"import pandas; pandas.\(reader)('FILE'\(options)).to_csv('table.csv', index=False)\""
  }

  /// What a zip archive holds, by the name of its first file.
  private static func archive(_ head: [UInt8]) -> (found: String, expected: String) {
    let length = head.count > 30 ? Int(head[26]) | Int(head[27]) << 8 : 0
    let first = String(decoding: head.dropFirst(30).prefix(min(length, 300)), as: UTF8.self)
    if first.hasSuffix(".npy") {
      return (
        "NumPy arrays (.npz)",
        "a text: python3 -c \"import numpy as n; n.savetxt('table.csv', n.load('FILE')['\(shortened(String(first.dropLast(4)), to: 40))'], delimiter=',')\""
      )
    }
    if first.hasSuffix("data.pkl") { return ("a PyTorch file", "a text; weights are read by --weights") }
    if ["[Content_Types].xml", "_rels/", "xl/", "docProps/"].contains(where: first.hasPrefix) {
      return ("an Excel workbook", "a text: \(pandas("read_excel"))")
    }
    if first == "mimetype" { return ("an OpenDocument file", "a text: \(pandas("read_excel"))") }
    return ("a zip archive", "a text: unzip FILE")
  }
}
