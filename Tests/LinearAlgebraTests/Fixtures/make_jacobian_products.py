"""Writes JacobianProductTruth.swift: log10 of the singular values of products of Jacobians, by mpmath.

usage: python make_jacobian_products.py > ../JacobianProductTruth.swift

The Jacobians are drawn by the generator of TestRandom.swift and scaled by powers of two, so that both sides have the
same numbers to the last bit. Beside each value stands what a relative rounding of 1e-15 in the Jacobians moves it.
"""
import mpmath

MASK = (1 << 64) - 1


class TestRandom:
    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        z ^= z >> 31
        return (z >> 11) * 2.0**-52 - 1


def jacobian(kind, size, random, weights):
    """diag(d) W with d of the kind: W anew for 'fresh', the same W for the others."""
    rows = []
    for i in range(size):
        u = random.next()
        if kind == "tanh":  # d in 1, 1/2 ... 1/8
            d = 2.0 ** -int((u + 1) * 2)
        elif kind == "saturated":  # d from 1 to 2^-100 = 8e-31
            d = 2.0 ** -int((u + 1) * 50)
        elif kind == "relu":  # d is 0 or 1
            d = 0.0 if u < -0.8 else 1.0
        elif kind == "exploding":
            d = 2.0 ** int((u + 1) * 4)
        elif kind == "vanishing":
            d = 2.0 ** -int((u + 1) * 8)
        rows.append([d * w for w in weights[i]])
    return rows


def gated(size, random, weights):
    """The Jacobian of an LSTM of size/2 units whose gates are more or less shut, by [h; c]:

    ∂c/∂h = diag(a) W, ∂c/∂c = diag(f), ∂h/∂h = diag(p) ∂c/∂h + diag(q) W', ∂h/∂c = diag(p) diag(f), powers of two all:
    a, f, p from 1 to 2^-80, q from 1 to 2^-8, so that rounding ∂h/∂h does not swallow it.
    """
    half = size // 2
    j = [[0.0] * size for _ in range(size)]
    for k in range(half):
        a, f, p = (2.0 ** -int((random.next() + 1) * 40) for _ in range(3))
        q = 2.0 ** -int((random.next() + 1) * 4)
        for l in range(half):
            j[half + k][l] = a * weights[half + k][l]
            j[k][l] = p * j[half + k][l] + q * weights[k][l]
        j[half + k][half + k] = f
        j[k][half + k] = p * f
    return j


def spectra(jacobians, at, digits):
    mpmath.mp.dps = digits
    size = len(jacobians[0])
    p, out = mpmath.eye(size), {}
    for lag, j in enumerate(jacobians, 1):
        p = p * mpmath.matrix(j)
        if lag in at:
            values = mpmath.svd_r(p, compute_uv=False)
            out[lag] = sorted((float(mpmath.log10(v)) if v > 0 else float("-inf") for v in values), reverse=True)
    return out


CASES = [
    ("tanh", 8, 60, 11, [1, 2, 7, 60], 400),
    ("tanh", 13, 25, 12, [25], 400),
    ("saturated", 6, 12, 13, [1, 2, 5, 12], 1200),
    ("relu", 7, 12, 14, [1, 3, 12], 300),
    ("exploding", 5, 900, 15, [900], 6500),
    ("vanishing", 4, 1200, 16, [1200], 7500),
    ("gated", 10, 20, 17, [1, 2, 5, 10, 20], 1200),
    ("gated", 6, 300, 18, [300], 12000),
]

print("// Written by Fixtures/make_jacobian_products.py; not to be edited.")
print()
print("/// Products whose singular values mpmath computed.")
print("enum JacobianProductTruth {")
print("  struct Case: Sendable {")
print("    let kind: String")
print("    let size: Int, steps: Int, seed: UInt64")
print("    /// The number of factors, log10 of the singular values, and what rounding in the Jacobians moves each.")
print("    let spectra: [(lag: Int, log10: [Double], rounding: [Double])]")
print("  }")
print()
print("  static let cases: [Case] = [")
for kind, size, steps, seed, at, digits in CASES:
    random = TestRandom(seed)
    weights = [[random.next() for _ in range(size)] for _ in range(size)]
    draw = (lambda: gated(size, random, weights)) if kind == "gated" else lambda: jacobian(kind, size, random, weights)
    js = [draw() for _ in range(steps)]
    truth = spectra(js, at, digits)
    noise = TestRandom(seed + 100)
    shaken = [[[x * (1 + 2e-15 * noise.next()) for x in row] for row in j] for j in js]
    moved = spectra(shaken, at, digits)
    print(f'    Case(\n      kind: "{kind}", size: {size}, steps: {steps}, seed: {seed},\n      spectra: [')
    for lag in at:
        # mpmath leaves rounding of its own where a value is exactly 0
        values = [v if v > -digits / 2 - 3 * size or kind != "relu" else float("-inf") for v in truth[lag]]
        shift = [abs(a - b) if a != float("-inf") else 0.0 for a, b in zip(truth[lag], moved[lag])]
        text = lambda xs: ", ".join("-.infinity" if x == float("-inf") else repr(x) for x in xs)
        print(f"        ({lag}, [{text(values)}], [{', '.join(f'{s:.1e}' for s in shift)}]),")
    print("      ]),")
print("  ]")
print("}")
