import Glibc

/// log₁₀ x.
func log10(_ x: Double) -> Double { Glibc.log10(x) }

/// 10^x.
func raise10(_ x: Double) -> Double { Glibc.pow(10, x) }

/// The cosine and the sine of an angle.
func cosineSine(_ angle: Double) -> (Double, Double) { (Glibc.cos(angle), Glibc.sin(angle)) }
