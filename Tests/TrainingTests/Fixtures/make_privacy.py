"""Rényi divergences of the sampled Gaussian mechanism, by the sums of Mironov, Talwar & Zhang (2019) in many digits.

Whole orders: A = sum_k C(a, k) (1-q)^(a-k) q^k exp((k^2 - k)/(2 z^2)). Other orders:
Gauss-Legendre quadrature of the moment in 30 digits. The program takes a trapezoidal rule for all of them.

    python make_privacy.py > privacy.json
"""
import json
from mpmath import binomial, exp, linspace, log, mp, mpf, pi, quad, sqrt

mp.dps = 30


def whole(order, q, z):
    return sum(binomial(order, k) * (1 - q) ** (order - k) * q**k * exp((mpf(k) ** 2 - k) / (2 * z**2)) for k in range(order + 1))


def broken(order, q, z):
    def density(x):
        return ((1 - q) + q * exp((2 * x - 1) / (2 * z**2))) ** order * exp(-(x**2) / (2 * z**2)) / (z * sqrt(2 * pi))

    return quad(density, linspace(-14 * z, order + 14 * z, 60))


def divergence(order, q, z):
    if q == 1:
        return order / (2 * z**2)
    total = whole(int(order), q, z) if order == int(order) else broken(order, q, z)
    return log(total) / (order - 1)


ORDERS = ["1.1", "1.25", "1.5", "1.75", "2", "2.25", "2.5", "3", "3.5", "4", "4.5", "5", "6", "7", "8", "10", "12", "14", "16", "20", "24", "28", "32", "40", "48", "64", "96", "128", "256", "512"]


def epsilon(q, z, rounds, delta):
    return min(
        rounds * divergence(a, q, z) + log((a - 1) / a) - (log(delta) + log(a)) / (a - 1) for a in map(mpf, ORDERS)
    )


cases = [("0.01", "4", 10000, "1e-5"), ("0.25", "1", 100, "1e-5"), ("0.5", "0.7", 20, "1e-3"), ("1", "2", 50, "1e-5"), ("0.1", "0.5", 10, "1e-4")]
print(json.dumps([
    {
        "probability": float(q), "noise": float(z), "rounds": rounds, "delta": float(delta),
        "divergences": {a: float(divergence(mpf(a), mpf(q), mpf(z))) for a in ["1.25", "2", "2.5", "8", "32"]},
        "epsilon": float(epsilon(mpf(q), mpf(z), rounds, mpf(delta))),
    }
    for q, z, rounds, delta in cases
], indent=1))
