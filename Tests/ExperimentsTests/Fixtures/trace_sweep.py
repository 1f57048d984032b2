"""Holds `bpttop trace` against check_trace.py: every cell and activation × layers × losses × injections × truncations.

usage: python trace_sweep.py BPTTOP [--cells elman,lstm] [--every N] [--steps T] [--hidden H] [--batch B]
       python trace_sweep.py BPTTOP --odd N [--first SEED] [--also OTHER_CHECK.py]
needs: what check_trace.py needs

Weights and data are drawn here and handed in as files. Reductions, clippings, precisions, how many updates go before the
traced window, and whether units saturate are drawn for each case.

--odd draws N experiments from everything that the program's keys offer instead, most of them unreasonable: the program's
own tasks and weights, from weights of zero to chaotic ones, all optimizers, clippings, algorithms, up to 80 steps and 16
units. What the program refuses (exit code 2) is drawn again and must be told in one line; what explodes (1) is counted.
--also runs another script on each trace that it knows: `OTHER_CHECK.py TRACE` prints lines that begin with ok or WRONG.

Prints a table: a row a cell and number of layers with its cases and the largest error of each kind; what is wrong is told
above it with the command that shows it. `chaotic` counts the traces in which roundings of 1e-15 in the weights alone
move something further than the tolerance; what they moved is not in the other columns.
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
args.add_argument("--odd", type=int, default=0)
args.add_argument("--first", type=int, default=0)
args.add_argument("--also")
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


def grid():
    """(number, cell, layers, settings, updates, whether weights and data are files) of every combination, or every N-th."""
    cases = [
        (cell, activation, layers, loss, inject, k)
        for cell in args.cells.split(",")
        for layers, activation, loss, inject, k in itertools.product(
            CELLS[cell][0], CELLS[cell][2], ["cross_entropy", "squared"], ["newest", "last", "window"], TRUNCATIONS)
    ]
    for number, (cell, activation, layers, loss, inject, (k1, k2)) in enumerate(cases):
        if number % args.every:
            continue
        random = np.random.default_rng(number)
        pick = lambda *choices: choices[random.integers(len(choices))]
        bounded = activation not in ("relu", "leaky_relu", "identity") and cell != "residual"
        precision, updates = pick("float64", "float64", "float64", "float32"), pick(0, 1, 2)
        settings = {
            "network.cell": cell, **pick(*CELLS[cell][3]), "network.hidden": H, "network.layers": layers,
            **({"network.activation": activation} if activation else {}), "training.inject": inject,
            "training.k1": k1, "training.k2": k2, "training.reduction": pick("mean", "sum"), "precision": precision,
            "training.optimizer.learning_rate": 0.01,
            **{f"training.clip.{key}": value for key, value in pick(*CLIPS).items()},
        }
        scale = pick(1.2, 1.2, 5.0 if bounded else 0.5)
        write_inputs(random, cell, layers, loss, scale, learns_beta="network.learn_beta" in settings)
        yield number, cell, layers, settings, updates, True


def odd():
    """The same of experiments drawn from all keys, without files; the main loop ends it."""
    for number in itertools.count(args.first):
        random = np.random.default_rng(10**6 + number)
        pick = lambda *choices: choices[random.integers(len(choices))]
        maybe = lambda chance, settings: settings if random.random() < chance else {}
        cell = pick(*args.cells.split(","))
        activation = pick(*CELLS[cell][2])
        layers = pick(1, 1, 2, 3) if cell != "fully_recurrent" else 1
        length = pick(6, 11, 12, 30, 80)
        steps = lambda: pick("full", "full", int(random.integers(1, length + 1)))
        clip = pick("none", "norm", "value", "step", "weight")
        settings = {
            "seed": int(random.integers(1, 10**6)), "precision": pick(*["float64"] * 5, "float32"),
            "task.name": pick(*"adding copy temporal-order recall delayed-xor parity latch reber sine coin text settle".split()),
            "task.length": length, "network.cell": cell, **pick(*CELLS[cell][3]),
            **({"network.activation": activation} if activation else {}), "network.layers": layers,
            "network.hidden": pick(1, 2, 3, 5, 8, 16) if cell != "fully_recurrent" else pick(3, 12, 16),
            "network.init.recurrent": pick("orthogonal", "gaussian", "identity", "antisymmetric", "uniform", "zero"),
            "network.init.scale": pick(0, 0.3, 1, 1, 2, 6), "network.init.input": pick(0, 0.1, 1, 1, 10),
            "network.init.readout": pick(0, 1, 1, 30), **maybe(0.2, {"network.init.spectral_radius": pick(0.01, 1.5)}),
            **maybe(0.3 if cell == "lstm" else 0, {"network.init.forget_bias": pick(-3, 5)}),
            "training.batch": pick(1, 1, 2, 7, 40), "training.k1": steps(), "training.k2": steps(),
            "training.inject": pick("newest", "last", "window"), "training.reduction": pick("mean", "sum"),
            "training.optimizer.name": pick("sgd", "momentum", "nesterov", "rmsprop", "adagrad", "adam", "adamw"),
            "training.optimizer.learning_rate": pick(0, 1e-3, 0.03, 0.5), "training.clip.kind": clip,
            **({"training.clip.threshold": pick(1e-3, 0.5, 10)} if clip != "none" else {}),
            **maybe(0.1, {"training.regularizer.omega": 0.5}), **maybe(0.1, {"training.regularizer.noise": 0.1}),
            **maybe(0.2, {"training.optimizer.weight_decay": 0.1}),
        }
        match pick(*"plain plain plain plain artbp artbp adaptive checkpoints stale forward".split()):
            case "artbp":
                settings |= {"training.algorithm": "artbp", "training.artbp.probability": pick(0, 0.1, 0.7)}
            case "adaptive":
                settings |= {"training.algorithm": "adaptive", "training.k1": pick(1, 4), "training.k2": "full"}
            case "checkpoints":
                settings |= {"training.k1": "full", "training.k2": "full", "training.checkpoints": "sqrt"}
            case "stale":  # at weights that stand still what was kept is what would be computed
                settings |= {"training.history": "stale", "training.optimizer.learning_rate": 0}
                settings.pop("training.regularizer.noise", None)
                if clip == "weight":
                    settings["training.clip.kind"] = "norm"
            case "forward":
                settings |= {"training.algorithm": pick("rtrl", "snap1", "rflo", "uoro"), "training.k2": "full"}
        yield number, cell, layers, settings, pick(0, 1, 3, 20), False


table = collections.defaultdict(lambda: collections.defaultdict(float))
refusals = collections.Counter()
exploded = other = other_lines = done_count = 0
for number, cell, layers, settings, updates, has_files in odd() if args.odd else grid():
    if args.odd and done_count >= args.odd:
        break
    trace = folder / "trace.safetensors"
    command = [args.bpttop, "trace"]
    if has_files:
        command += ["--weights", folder / "weights.safetensors", "--data", folder / "data.safetensors"]
    command += ["-o", trace, "--updates", updates] + [w for k, v in settings.items() for w in ("--set", f"{k}={v}")]
    command = [str(word) for word in command]
    done = subprocess.run(command, capture_output=True, text=True)
    if args.odd and done.returncode == 2 and done.stderr.count("\n") == 1:
        refusals[done.stderr.strip()] += 1
        continue
    if args.odd and done.returncode == 1 and "not finite" in done.stderr:
        exploded += 1
        continue
    done_count += 1
    row = table[cell, layers]
    row["traces"] += 1
    try:
        lines = check_trace.check(trace, stale=True) if done.returncode == 0 else []
    except Exception as error:
        lines = [check_trace.Line("check", False, np.inf, repr(error))]
    row["chaotic"] += any(line.moved > 1e-10 for line in lines) and settings["precision"] == "float64"
    for line in lines:
        if settings["precision"] == "float64" and line.moved <= 1e-10:
            column = "grad" if line.name.startswith("grad.") else line.name.split()[0]
            row[column] = max(row[column], line.error)
    wrong = [f"{line.name}: {line.text}" for line in lines if not line.ok]
    knows = cell != "fully_recurrent" and settings.get("task.name") != "delayed-xor" and "beta_spread" not in str(settings) and "artbp" not in str(settings)
    if args.also and knows and lines and settings["precision"] == "float64":
        check = subprocess.run([sys.executable, args.also, str(trace)], capture_output=True, text=True)
        found = check.stdout.splitlines()
        other, other_lines = other + 1, other_lines + sum(line.startswith("ok") for line in found)
        wrong += [f"also: {line}" for line in found if line.startswith("WRONG")]
        wrong += [f"also: {check.stderr.strip().splitlines()[-1]}"] if check.stderr.strip() and check.returncode else []
    if not lines or wrong:
        row["wrong"] += any(not w.startswith("also") for w in wrong) or not lines
        print(f"WRONG case {number}:", "; ".join(wrong) or done.stderr.strip(), "\n  ", " ".join(command), flush=True)
    if done_count % 100 == 0:
        print(f"... {done_count} traces", flush=True)

if args.odd:
    print(f"\n{sum(refusals.values())} refused, {exploded} exploded; refusals:")
    for words, count in refusals.most_common():
        print(f"{count:5d} {words}")
if args.also:
    print(f"\n{other} traces were given to {args.also}, {other_lines} of its lines are ok")
columns = ["traces", "wrong", "chaotic", "h", "loss", "grad_h", "grad", "flow", "product"]
print("\nlargest errors in float64 (relative; flow and product: of log10)")
print(f"{'cell':16s}{'layers':>7s}" + "".join(f"{c:>9s}" for c in columns))
for (cell, layers), row in sorted(table.items()):
    number = lambda c: f"{row[c]:9.0f}" if c in columns[:3] else f"{row[c]:9.0e}" if c in row else " " * 9
    print(f"{cell:16s}{layers:7d}" + "".join(map(number, columns)))
sys.exit(1 if any(row["wrong"] for row in table.values()) else 0)
