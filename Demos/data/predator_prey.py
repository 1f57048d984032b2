"""Writes predator_prey.csv: two animal populations and the season, 1,200 weeks.

    python3 Demos/data/predator_prey.py > Demos/data/predator_prey.csv

Lotka and Volterra's equations with a saturating predator (Rosenzweig & MacArthur 1963), prey x and predators y,
whose prey grows faster in summer; fourth-order Runge-Kutta, four steps a week:

    dx/dt = r(t) x (1 - x/K) - a x y/(1 + a b x)
    dy/dt = e a x y/(1 + a b x) - m y
    r(t)  = 0.5 (1 + 0.3 sin(2 pi t/52))

with K = 120, a = 0.02, b = 1.5, e = 0.5, m = 0.2, from x = 40, y = 9. No randomness.
"""
import math

K, A, B, E, M = 120.0, 0.02, 1.5, 0.5, 0.2
STEPS = 4


def season(t):
    return math.sin(2 * math.pi * t / 52)


def slope(t, x, y):
    eaten = A * x * y / (1 + A * B * x)
    return 0.5 * (1 + 0.3 * season(t)) * x * (1 - x / K) - eaten, E * eaten - M * y


def main():
    x, y = 40.0, 9.0
    print("prey,predators,season")
    for week in range(1200):
        print(f"{x:.3f},{y:.3f},{season(week):.4f}")
        for step in range(STEPS):
            t, d = week + step / STEPS, 1 / STEPS
            k1 = slope(t, x, y)
            k2 = slope(t + d / 2, x + d / 2 * k1[0], y + d / 2 * k1[1])
            k3 = slope(t + d / 2, x + d / 2 * k2[0], y + d / 2 * k2[1])
            k4 = slope(t + d, x + d * k3[0], y + d * k3[1])
            x += d / 6 * (k1[0] + 2 * k2[0] + 2 * k3[0] + k4[0])
            y += d / 6 * (k1[1] + 2 * k2[1] + 2 * k3[1] + k4[1])


main()
