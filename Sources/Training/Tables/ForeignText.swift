/// Files that are no text, by their first bytes, and what makes a text of them.
enum ForeignText {
  private static let kinds: [(mark: [UInt8], found: String, expected: String)] = [
    ([0x1F, 0x8B], "a gzip archive", "a text: gunzip FILE, or zcat FILE | bpttop … task.file=/dev/stdin"),
    ([0x42, 0x5A, 0x68], "a bzip2 archive", "a text: bunzip2 FILE"),
    ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "an xz archive", "a text: unxz FILE"),
    ([0x28, 0xB5, 0x2F, 0xFD], "a zstd archive", "a text: unzstd FILE"),
    (
      [0x50, 0x4B, 0x03, 0x04], "a zip archive or an Excel workbook",
      "a text: unzip FILE, or python3 -c \"import pandas; pandas.read_excel('FILE').to_csv('table.csv', index=False)\""
    ),
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
    (Array("%PDF-".utf8), "a PDF file", "a text: pdftotext FILE"),
  ]

  /// What a file is, and what to do; nil where its first bytes may be a text's.
  static func problem(_ head: [UInt8]) -> (found: String, expected: String)? {
    kinds.first { head.starts(with: $0.mark) }.map { ($0.found, $0.expected) }
  }
}
