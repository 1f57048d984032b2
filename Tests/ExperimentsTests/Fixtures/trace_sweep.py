"""Holds `bpttop trace` against an oracle over activations × losses × injections × truncations, from the command line.

usage: python trace_sweep.py BPTTOP CHECK_TRACE.py [--every N] [--steps T] [--hidden H] [--batch B]
needs: pip install numpy safetensors mpmath, and what the oracle needs

Weights and data are drawn here and handed in as files. The oracle takes a trace and exits 1 where it is wrong. Units that
are closed make products of lower rank, whose last singular values are exactly 0; an oracle in floating point sees noise in
their place, so there the rank is counted in fractions and the other singular values are held against mpmath.
"""
import argparse, contextlib, io, itertools, pathlib, runpy, subprocess, sys, tempfile
from fractions import Fraction

import mpmath, numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

args = argparse.ArgumentParser()
args.add_argument("bpttop")
args.add_argument("oracle")
args.add_argument("--every", type=int, default=1)
args.add_argument("--steps", type=int, default=10)
args.add_argument("--hidden", type=int, default=4)
args.add_argument("--batch", type=int, default=2)
args = args.parse_args()
T, H, B, I, O = args.steps, args.hidden, args.batch, 3, 4

ACTIVATIONS = "tanh sigmoid relu leaky_relu identity softsign hard_tanh sin".split()
CELLS = [("elman", {}), ("leaky", {"network.beta": 0.35}), ("residual", {"network.alpha": -0.4})]
# (n,n), k1 = k2, k1 < k2, k2 < k1, (1,h)
TRUNCATIONS = [("full", "full"), (T // 3, T // 3), (T // 4, T // 2), (T // 2, T // 4), (1, T // 2)]
folder = pathlib.Path(tempfile.mkdtemp())


def write_inputs(rng, loss, layers):
    weights = {"readout.weight": rng.normal(size=(O, H)), "readout.bias": rng.normal(size=O)}
    for l in range(layers):
        weights |= {
            f"weight_ih_l{l}": rng.normal(size=(H, H if l else I)), f"weight_hh_l{l}": 1.2 * rng.normal(size=(H, H)) / H**0.5,
            f"bias_ih_l{l}": 0.3 * rng.normal(size=H), f"bias_hh_l{l}": 0.3 * rng.normal(size=H),
        }
    target = rng.integers(0, O, (T, B)) if loss == "cross_entropy" else rng.normal(size=(T, B, O))
    if loss == "cross_entropy":
        target[0] = O - 1  # the largest class is among them
    mask = (rng.random((T, B)) < 0.7).astype(float)
    mask[0] = mask[-1] = 1
    save_file(weights, folder / "weights.safetensors")
    save_file({"x": rng.normal(size=(T, B, I)), "target": target, "target_mask": mask}, folder / "data.safetensors")


def oracle(path):
    sys.argv, out, code = ["check_trace", str(path)], io.StringIO(), 0
    with contextlib.redirect_stdout(out):
        try:
            runpy.run_path(args.oracle, run_name="__main__")
        except SystemExit as exit:
            code = exit.code
    return code, out.getvalue().splitlines()


def rank(matrix):
    rows, found = [list(r) for r in matrix], 0
    for column in range(len(rows)):
        pivot = next((r for r in range(found, len(rows)) if rows[r][column] != 0), None)
        if pivot is None:
            continue
        rows[found], rows[pivot] = rows[pivot], rows[found]
        for r in range(found + 1, len(rows)):
            factor = rows[r][column] / rows[found][column]
            rows[r] = [a - factor * b for a, b in zip(rows[r], rows[found])]
        found += 1
    return found


def zeros_are_right(path, activation):
    """For elman with φ′ in {0, 1}: as many finite values as the product's rank, and those right."""
    with safe_open(path, "numpy") as file:
        t = {k: file.get_tensor(k) for k in file.keys()}
    h, W, product = t["state0_l0"][0, 0], t["weight_hh_l0"], t["product"]
    P, exact, jacobians = mpmath.eye(H), [[Fraction(int(i == j)) for j in range(H)] for i in range(H)], []
    for x in t["x"][:, 0]:
        a = t["weight_ih_l0"] @ x + W @ h + t["bias_ih_l0"]
        open_ = a > 0 if activation == "relu" else abs(a) < 1
        h = np.maximum(a, 0) if activation == "relu" else np.clip(a, -1, 1)
        jacobians.append(open_[:, None] * W)
    mpmath.mp.dps = 100
    for k in reversed(range(len(jacobians))):
        J = [[Fraction(v) for v in row] for row in jacobians[k]]
        exact = [[sum(a * b for a, b in zip(row, column)) for column in zip(*J)] for row in exact]
        P = P * mpmath.matrix(jacobians[k].tolist())
        count = rank(exact)
        if np.isfinite(product[k]).sum() != count:
            return False
        values = sorted(mpmath.svd_r(P, compute_uv=False), reverse=True)[:count]
        if any(abs(float(mpmath.log10(v)) - ours) > 1e-6 for v, ours in zip(values, product[k])):
            return False
    return True


combinations = list(itertools.product(ACTIVATIONS, ["cross_entropy", "squared"], ["newest", "last", "window"], TRUNCATIONS))
done = wrong = zeros = 0
for number, (activation, loss, inject, (k1, k2)) in enumerate(combinations):
    if number % args.every:
        continue
    # Every combination with elman and one layer; every fourth with another cell or two layers too.
    for (cell, options), layers in [(CELLS[0], 1)] + ([(CELLS[number // 4 % 3], 1 + number // 12 % 2)] if number % 4 == 0 else []):
        write_inputs(np.random.default_rng([number, layers]), loss, layers)
        settings = options | {
            "network.cell": cell, "network.hidden": H, "network.layers": layers, "network.activation": activation,
            "training.inject": inject, "training.k1": k1, "training.k2": k2, "training.reduction": ["mean", "sum"][number % 2],
            "training.optimizer.learning_rate": 0.01,
        }
        # A choice before what depends on it.
        sets = sorted(settings.items(), key=lambda item: item[0] != "network.cell")
        path = folder / "trace.safetensors"
        subprocess.run(
            [args.bpttop, "trace", "--weights", folder / "weights.safetensors", "--data", folder / "data.safetensors", "-o", path]
            + ["--updates", str(number % 3)] + [w for k, v in sets for w in ("--set", f"{k}={v}")], check=True)
        code, lines = oracle(path)
        done += 1
        if code:
            bad = [line for line in lines if line.startswith("WRONG")] or [f"the oracle ended with {code}"]
            only_product = all(line.startswith("WRONG product") for line in bad)
            if only_product and cell == "elman" and activation in ("relu", "hard_tanh") and zeros_are_right(path, activation):
                zeros += 1
            else:
                wrong += 1
                print(activation, loss, inject, k1, k2, cell, layers, bad, flush=True)
        if done % 25 == 0:
            print(f"... {done}", flush=True)
print(f"{done} traces: {done - wrong - zeros} ok, {zeros} ok with products of lower rank counted exactly, {wrong} wrong")
sys.exit(1 if wrong else 0)
