"""Sizes at the edge for every kind of network, by JAX (float64): one unit, one step, one layer deep, trees of two leaves, three heads
in four layers, and lengths just beyond the blocks in which attention and trees are computed.

usage: python make_edges.py        (needs what the other scripts need; writes edges.json and bidirectional_edges.json)
"""
import json


def definitions(script, end):
    """The functions of another script, without the cases that it makes."""
    names = {}
    exec(open(script).read().split(end)[0], names)
    return names


networks = definitions("make_networks.py", "\ncases = [")
transformers = definitions("make_transformers.py", "\ncases = [")
bidirectional = definitions("make_bidirectional.py", "\nSIZES = ")
shortened = transformers["shortened"]

# name, T, B, inputs, d, outputs, layers, heads
TRANSFORMERS = [
    ("three heads in four layers", (5, 3, 2, 9, 3, 4, 3), dict(norm="pre", positions="sinusoidal", activation="tanh")),
    ("four layers without residual paths", (4, 1, 1, 6, 2, 4, 3), dict(norm="post", positions="rotary", residual=False, activation="tanh")),
    ("one unit, one step", (1, 3, 1, 1, 2, 1, 1), dict(norm="none", activation="tanh")),
    ("one step, learned", (1, 1, 2, 4, 3, 2, 2), dict(norm="pre", positions="learned", activation="tanh")),
    ("heads of one, beyond a block", (33, 3, 1, 3, 2, 1, 3), dict(norm="post", activation="relu", expansion=1)),
]
# kind, T, B, inputs, width, outputs
NETWORKS = [
    ("one unit, one step", "attention", (1, 3, 1, 1, 2), {}),
    ("one unit, beyond a block", "attention", (33, 1, 1, 1, 2), dict(scoring="additive")),
    ("beyond a block", "attention", (34, 3, 1, 3, 2), {}),
    ("one step", "attention", (1, 1, 2, 3, 2), dict(scoring="additive")),
    ("one unit, two leaves", "tree", (2, 3, 1, 1, 2), dict(composition="lstm")),
    ("a chain of two leaves", "tree", (2, 1, 2, 3, 2), dict(tree="chain")),
    ("three leaves", "tree", (3, 3, 2, 4, 2), dict(tree="chain", composition="lstm")),
    ("beyond a part of rows", "tree", (33, 3, 1, 3, 2), dict(composition="lstm")),
    ("one unit, one layer deep", "feedforward", (1, 3, 1, 1, 2), dict(residual=False)),
    ("one layer deep", "feedforward", (1, 1, 2, 3, 2), dict(norm="pre", tied=True)),
    ("twenty layers deep", "feedforward", (20, 3, 1, 3, 2), dict(norm="pre")),
    ("one frame", "convolutional", (1, 3, 3, 3, 3), dict(kernel=3)),
    ("two cells under a wide kernel", "convolutional", (2, 1, 2, 6, 2), dict(kernel=9)),
]
LOSSES = ("cross_entropy", "squared")
cases = [
    transformers["case"](500 + k, transformers["settings"](f"{name} {loss}", *sizes, loss, **more))
    for k, (name, sizes, more) in enumerate(TRANSFORMERS) for loss in LOSSES]
cases += [
    networks["case"](600 + k, networks["settings"](f"{name} {loss}", kind, *sizes, loss, **more))
    for k, (name, kind, sizes, more) in enumerate(NETWORKS) for loss in LOSSES]
with open("edges.json", "w") as file:
    json.dump(shortened(cases), file, separators=(",", ":"))

# steps, batch, inputs, width, layers
DIRECTIONS = [(1, 3, 1, 1, 4), (2, 1, 2, 1, 1), (9, 3, 1, 2, 4)]
with open("bidirectional_edges.json", "w") as file:
    json.dump(
        shortened([
            bidirectional["case"](700 + k, cell, *sizes, loss)
            for cell in ("elman", "lstm", "gru") for k, sizes in enumerate(DIRECTIONS) for loss in LOSSES]),
        file, separators=(",", ":"))
