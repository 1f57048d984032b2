"""Values and derivatives of the activations to 50 digits, at arguments that single precision holds exactly.

usage: python kernel_functions.py > kernel_functions.txt     (needs: mpmath, numpy)
"""
import random

import mpmath as mp
import numpy as np

mp.mp.dps = 50
random.seed(1)
points = [0.0, 1e-30, 1e-20, 1e-8, 1e-3, 0.1, 0.25, 0.3465, 0.3466, 0.5, 0.7, 1, 1.5, 2, 3, 5, 8, 12, 18, 20, 30, 43, 100, 300, 350]
points += [random.uniform(0, 1) for _ in range(8)] + [random.uniform(1, 10) for _ in range(8)]
points += [random.uniform(10, 100) for _ in range(8)] + [random.uniform(1e3, 7e3) for _ in range(4)] + [3e4, 2e5, 1e7]
points = [float(np.float32(p)) for p in points]
print("# a, tanh a, tanh' a, sigmoid a, sigmoid' a, sin a, cos a")
for p in sorted(set(points + [-p for p in points if p])):
    a = mp.mpf(p)
    values = [mp.tanh(a), 1 / mp.cosh(a) ** 2, 1 / (1 + mp.e**-a), mp.e**-a / (1 + mp.e**-a) ** 2, mp.sin(a), mp.cos(a)]
    print(repr(p), *[mp.nstr(v, 20) if abs(v) > mp.mpf("1e-330") else "0" for v in values])
