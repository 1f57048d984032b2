"""Holds `bpttop trace` against check_trace.py: every cell and activation × layers × losses × injections × truncations.

usage: python trace_sweep.py BPTTOP [--cells elman,lstm] [--every N] [--steps T] [--hidden H] [--batch B]
needs: what check_trace.py needs

Weights and data are drawn here and handed in as files. Reductions, clippings, precisions, how many updates go before the
traced window, and whether units saturate are drawn for each case. Prints a table: a row a cell and number of
layers with its cases and the largest error of each kind; what is wrong is told above it with the command that shows it.
"""
import argparse, collections, itertools, pathlib, subprocess, sys, tempfile

import numpy as np
from safetensors.numpy import save_file

import check_trace

ALL = "tanh sigmoid relu leaky_relu identity softsign hard_tanh sin".split()
# A β a unit, which may be trained.
SPREAD = {"network.beta": 0.6, "network.beta_spread": 8}
# Numbers of layers, the gates of each cell, the activations that it takes ([None]: its own) and settings to draw from.
CELLS = {
    "elman": ([1, 2], 1, ALL, [{}]),
    "leaky": ([1, 2], 1, ALL, [{"network.beta": 0.35}, SPREAD, SPREAD | {"network.learn_beta": "true"}]),
    "residual": ([1, 2], 1, ALL, [{"network.alpha": -0.4}]),
    "lstm": ([1, 2], 4, [None], [{}]),
    "gru": ([1, 2], 3, [None], [{}]),
    "janet": ([1, 2], 2, [None], [{}]),
    "fully_recurrent": ([1], 1, ALL, [{}]),
}
CLIPS = [{"kind": "none"}, {"kind": "norm", "threshold": 0.1}, {"kind": "value", "threshold": 0.01}]

args = argparse.ArgumentParser()
args.add_argument("bpttop")
args.add_argument("--cells", default=",".join(CELLS))
args.add_argument("--every", type=int, default=1)
args.add_argument("--steps", type=int, default=10)
args.add_argument("--hidden", type=int, default=4)
args.add_argument("--batch", type=int, default=2)
args = args.parse_args()
T, H, B, I, O = args.steps, args.hidden, args.batch, 3, 3
# (n,n), k1 = k2, k1 < k2, k2 < k1, (1,h)
TRUNCATIONS = [("full", "full"), (T // 3, T // 3), (T // 4, T // 2), (T // 2, T // 4), (1, T // 2)]
folder = pathlib.Path(tempfile.mkdtemp())


def write_inputs(random, cell, layers, loss, scale, learns_beta):
    """Weights of PyTorch's names and shapes, and one sequence with targets at some of its steps."""
    normal, G = lambda *shape: random.normal(size=shape), CELLS[cell][1] * H
    if cell == "fully_recurrent":  # one matrix; the first units are the outputs
        weights = {"weight": np.hstack([scale * normal(H, H) / H**0.5, normal(H, I)])}
    else:
        weights = {"readout.weight": normal(O, H), "readout.bias": normal(O)}
        for l in range(layers):
            weights |= {
                f"weight_ih_l{l}": normal(G, H if l else I), f"weight_hh_l{l}": scale * normal(G, H) / H**0.5,
                f"bias_ih_l{l}": 0.3 * normal(G), f"bias_hh_l{l}": 0.3 * normal(G),
            }
            if learns_beta:
                weights[f"beta_logit_l{l}"] = normal(H)
    has_target = lambda *shape: (random.random(shape) < 0.7).astype(float)
    data = {"x": normal(T, B, I), "target_mask": has_target(T, B)}
    data["target_mask"][[0, -1]] = 1
    if loss == "cross_entropy":
        data["target"] = random.integers(0, O, (T, B))
    else:
        data["target"] = normal(T, B, O)
        if cell == "fully_recurrent":
            data["output_mask"] = has_target(T, B, O)
            data["output_mask"][[0, -1], :, 0] = 1
    save_file(weights, folder / "weights.safetensors")
    save_file(data, folder / "data.safetensors")


cases = [
    (cell, activation, layers, loss, inject, k)
    for cell in args.cells.split(",")
    for layers, activation, loss, inject, k in itertools.product(
        CELLS[cell][0], CELLS[cell][2], ["cross_entropy", "squared"], ["newest", "last", "window"], TRUNCATIONS)
]
table = collections.defaultdict(lambda: collections.defaultdict(float))
for number, (cell, activation, layers, loss, inject, (k1, k2)) in enumerate(cases):
    if number % args.every:
        continue
    _, gates, _, options = CELLS[cell]
    random = np.random.default_rng(number)
    pick = lambda *choices: choices[random.integers(len(choices))]
    bounded = activation not in ("relu", "leaky_relu", "identity") and cell != "residual"
    precision, updates = pick("float64", "float64", "float64", "float32"), pick(0, 1, 2)
    settings = {
        "network.cell": cell, **pick(*options), "network.hidden": H, "network.layers": layers,
        **({"network.activation": activation} if activation else {}), "training.inject": inject,
        "training.k1": k1, "training.k2": k2, "training.reduction": pick("mean", "sum"), "precision": precision,
        "training.optimizer.learning_rate": 0.01,
        **{f"training.clip.{key}": value for key, value in pick(*CLIPS).items()},
    }
    scale = pick(1.2, 1.2, 5.0 if bounded else 0.5)
    write_inputs(random, cell, layers, loss, scale, learns_beta="network.learn_beta" in settings)
    trace = folder / "trace.safetensors"
    command = [args.bpttop, "trace", "--weights", folder / "weights.safetensors", "--data", folder / "data.safetensors"]
    command += ["-o", trace, "--updates", updates] + [w for k, v in settings.items() for w in ("--set", f"{k}={v}")]
    command = [str(word) for word in command]
    row = table[cell, layers]
    row["traces"] += 1
    done = subprocess.run(command, capture_output=True, text=True)
    lines = check_trace.check(trace) if done.returncode == 0 else []
    for line in lines:
        if precision == "float64":
            column = "grad" if line.name.startswith("grad.") else line.name.split()[0]
            row[column] = max(row[column], line.error)
    wrong = [f"{line.name}: {line.text}" for line in lines if not line.ok]
    if not lines or wrong:
        row["wrong"] += 1
        print(f"WRONG case {number}:", "; ".join(wrong) or done.stderr.strip(), "\n  ", " ".join(command), flush=True)
    if sum(row["traces"] for row in table.values()) % 100 == 0:
        print(f"... case {number + 1} of {len(cases)}", flush=True)

columns = ["traces", "wrong", "h", "loss", "grad_h", "grad", "flow", "product"]
print("\nlargest errors in float64 (relative; flow and product: of log10)")
print(f"{'cell':16s}{'layers':>7s}" + "".join(f"{c:>9s}" for c in columns))
for (cell, layers), row in table.items():
    number = lambda c: f"{row[c]:9.0f}" if c in columns[:2] else f"{row[c]:9.0e}" if c in row else " " * 9
    print(f"{cell:16s}{layers:7d}" + "".join(map(number, columns)))
sys.exit(1 if any(row["wrong"] for row in table.values()) else 0)
