#!/usr/bin/env python3
"""Writes tasks.json: the first sequences of the drawn tasks, from their definitions and a Philox2x64-10 of its own."""

import json
import math
import os

MASK = (1 << 64) - 1


class Random:
    """The words of one row of one sequence of a task."""

    def __init__(self, seed, sequence, row):
        self.seed, self.stream, self.position = seed, 1 << 56 | sequence << 24 | row, 0

    def word(self):
        left, right, key = self.position // 2, self.stream, self.seed
        for _ in range(10):
            product = left * 0xD2B74407B1CE6E93
            left, right = (product >> 64) ^ key ^ right, product & MASK
            key = (key + 0x9E3779B97F4A7C15) & MASK
        self.position += 1
        return (left, right)[(self.position - 1) % 2]

    def uniform(self):
        return (self.word() >> 11) * 2.0**-53

    def normal(self):
        radius = math.sqrt(-2 * math.log(1 - self.uniform()))
        return radius * math.cos(2 * math.pi * self.uniform())

    def bits(self):
        while True:
            word = self.word()
            for i in range(64):
                yield word >> i & 1


def parity(random, n):
    bits = random.bits()
    x = [next(bits) for _ in range(n)]
    return {"symbols": x, "classes": [sum(x[: t + 1]) % 2 for t in range(n)]}


def latch(random, n):
    plus = random.word() & 1
    return {"x": [(2 * plus - 1) if t < 3 else math.sqrt(0.2) * random.normal() for t in range(n)], "classes": [plus]}


def reber(random, n):
    grammar = {
        0: ["B1", "B1"], 1: ["T2", "P3"], 2: ["S2", "X4"], 3: ["T3", "V5"], 4: ["X3", "S6"], 5: ["P4", "V6"],
        6: ["E7", "E7"],
    }
    bits = random.bits()
    text = ""
    while len(text) <= n:
        next(bits)
        outer = "TP"[next(bits)]
        text += "B" + outer
        node = 0
        while node != 7:
            way = grammar[node][next(bits)]
            text, node = text + way[0], int(way[1])
        next(bits)
        next(bits)
        text += outer + "E"
    codes = ["BTPSXVE".index(c) for c in text]
    return {"symbols": codes[:n], "classes": codes[1 : n + 1]}


def sine(random, n):
    slow, fast = 2 * math.pi / 20, 2 * math.pi / 5
    waves = []
    for _ in range(2):
        frequency = slow + (fast - slow) * random.uniform()
        waves.append((frequency, 2 * math.pi * random.uniform()))
    value = [sum(0.5 * math.sin(w * t + p) for w, p in waves) for t in range(n + 1)]
    return {"x": value[:n], "values": value[1:]}


SEED, STEPS, BATCH = 7, 70, 2
drawn = {
    task.__name__: [task(Random(SEED, sequence, row), STEPS) for sequence in (0, 3) for row in range(BATCH)]
    for task in (parity, latch, reber, sine)
}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tasks.json")
with open(path, "w") as file:
    json.dump(drawn, file)
    file.write("\n")
