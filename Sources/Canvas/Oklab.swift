import Glibc

/// A color in Oklab (B. Ottosson, 2020), where distances are about as large as they look.
struct Oklab {
  /// From black, 0, to white, 1.
  let lightness: Double
  /// From green to red, and from blue to yellow.
  let a: Double, b: Double

  /// From linear sRGB: m = cbrt(M₁ rgb), Lab = M₂ m.
  init(_ red: Double, _ green: Double, _ blue: Double) {
    let l = cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
    let m = cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
    let s = cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
    lightness = 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s
    a = 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s
    b = 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s
  }

  /// The square of the distance.
  func squaredDistance(to other: Oklab) -> Double {
    let (x, y, z) = (lightness - other.lightness, a - other.a, b - other.b)
    return x * x + y * y + z * z
  }

  /// The place of the nearest of some colors; the first of equals.
  func nearest(in colors: some RandomAccessCollection<Oklab>) -> Int {
    var best = (place: 0, distance: Double.infinity)
    for (place, color) in colors.enumerated() {
      let distance = squaredDistance(to: color)
      if distance < best.distance { best = (place, distance) }
    }
    return best.place
  }
}
