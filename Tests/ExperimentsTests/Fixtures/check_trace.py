"""Holds traces written by `bpttop trace` against JAX's automatic differentiation in float64 and mpmath.

usage: python check_trace.py TRACE.safetensors ... [--tolerance 1e-9]
needs: pip install "jax[cpu]" safetensors numpy mpmath

Every quantity is computed again from the data, the masks, the weights and the carried states alone, by the equations
below. Prints one line a quantity (its largest relative error, ok or WRONG) and exits 1 if any is WRONG.

How what has no plain relative error is judged:
- flow: row vectors dl_i/ds_i J_i ... J_{t+1} of the joint state of all layers, scaled by powers of 2 at every step, so
  that 1e-4000 is as exact as 1; it must be -inf exactly where the row is 0.
- product: mpmath's singular values of the product of JAX's Jacobians, with digits for the whole span. As many must be
  finite as the product's exact rank, which is counted modulo a prime: closed units make singular values exactly 0; a rank
  that roundings raise may be the higher one. The largest must be right to 1e-9 in log10, every one to 1e-6.
- in a chaotic network, and in an ill-conditioned product, the last digit of a weight moves a result further than any
  tolerance: all is computed again with random roundings of 1e-15 in the weights and Jacobians, and an error of 20 times
  what these do is no error.
- a trace of a pass in float32 is held against the same numbers in float64, with wider tolerances.
"""
import argparse, functools, json, sys
from typing import NamedTuple

import jax, jax.numpy as jnp, mpmath, numpy as np
from safetensors import safe_open

jax.config.update("jax_enable_x64", True)


def with_derivative(value, derivative):
    """value, with its derivative computed from a, not from value(a): exact also where value(a) is 1 to all digits."""
    f = jax.custom_jvp(value)
    f.defjvp(lambda primals, tangents: (f(*primals), derivative(*primals) * tangents[0]))
    return f


def exp_minus(a):
    return jnp.exp(-jnp.abs(a))


tanh = with_derivative(jnp.tanh, lambda a: 4 * exp_minus(2 * a) / (1 + exp_minus(2 * a)) ** 2)  # 1/cosh(a)^2
sigmoid = with_derivative(jax.nn.sigmoid, lambda a: exp_minus(a) / (1 + exp_minus(a)) ** 2)
ACTIVATIONS = {
    "tanh": tanh,
    "sigmoid": sigmoid,
    "relu": lambda a: jnp.where(a > 0, a, 0.0),
    "leaky_relu": lambda a: jnp.where(a > 0, a, 0.01 * a),
    "identity": lambda a: a,
    "softsign": with_derivative(lambda a: a / (1 + jnp.abs(a)), lambda a: 1 / (1 + jnp.abs(a)) ** 2),
    "hard_tanh": lambda a: jnp.where(jnp.abs(a) < 1, a, jnp.sign(a)),
    "sin": jnp.sin,
}


# Cells: one step of one sequence. s: the parts of the state, each [H]; x: the layer's input; p: the layer's tensors
# without their "_l0"; options: the trace's cell_options. The new state's first part is h.

def affine(p, x, h):
    return p["weight_ih"] @ x + p["bias_ih"] + p["weight_hh"] @ h + p["bias_hh"]


def elman(p, s, x, act, options):
    return (act(affine(p, x, s[0])),)


def leaky(p, s, x, act, options):  # beta: one for all units, or [H]; trained, it is the logistic function of its logit
    beta = sigmoid(p["beta_logit"]) if "beta_logit" in p else options["beta"]
    return ((1 - beta) * s[0] + beta * act(affine(p, x, s[0])),)


def residual(p, s, x, act, options):
    return (s[0] + options["alpha"] * act(affine(p, x, s[0])),)


def lstm(p, s, x, act, options):
    h, c = s
    i, f, g, o = jnp.split(affine(p, x, h), 4)
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    return sigmoid(o) * tanh(c), c


def gru(p, s, x, act, options):
    h = s[0]
    xr, xz, xn = jnp.split(p["weight_ih"] @ x + p["bias_ih"], 3)
    hr, hz, hn = jnp.split(p["weight_hh"] @ h + p["bias_hh"], 3)
    r, z = sigmoid(xr + hr), sigmoid(xz + hz)
    n = tanh(xn + r * hn)
    return ((1 - z) * n + z * h,)


def janet(p, s, x, act, options):  # van der Westhuizen & Lasenby 2018: a forget gate and nothing else
    f, g = jnp.split(affine(p, x, s[0]), 2)
    return (sigmoid(f) * s[0] + sigmoid(-f) * tanh(g),)


def fully_recurrent(p, s, x, act, options):  # Williams & Zipser 1995: y(t+1) = f(W [y(t); x(t)])
    return (act(p["weight"] @ jnp.concatenate([s[0], x])),)


CELLS = {f.__name__: f for f in (elman, leaky, residual, lstm, gru, janet, fully_recurrent)}


class Net(NamedTuple):
    """What a computation is compiled for."""

    cell: str
    layers: int
    loss: str

    @property
    def parts(self):
        return 2 if self.cell == "lstm" else 1


def step(net, p, options, state, x):
    """One step of one sequence through all layers; state: a tuple of parts for each layer."""
    act = lambda a: jax.lax.switch(options["activation"], list(ACTIVATIONS.values()), a)
    new = []
    for l in range(net.layers):
        own = {k.removesuffix(f"_l{l}"): v for k, v in p.items() if k.endswith(f"_l{l}") or k == "weight"}
        of_layer = {k: v[l] if jnp.ndim(v) == 2 else v for k, v in options.items()}
        new.append(CELLS[net.cell](own, state[l], x, act, of_layer))
        x = new[-1][0]
    return new


def untied(p):
    """The tensors that all steps share, and those [T, ...] of which each step has its own."""
    has_steps = lambda k, v: k.startswith(("weight", "bias_")) and jnp.ndim(v) == (3 if k.startswith("weight") else 2)
    return {k: v for k, v in p.items() if not has_steps(k, v)}, {k: v for k, v in p.items() if has_steps(k, v)}


def states(net, p, options, state0, x, eps, gradientScale):
    """The states of one sequence after every step; eps [T,H] is added to the top layer's h_t.

    gradientScale [T]: what multiplies the gradient on its way from a step to the one before it.
    """

    shared, own = untied(p)

    def body(state, inputs):
        state = jax.tree.map(lambda s: inputs[2] * s + (1 - inputs[2]) * jax.lax.stop_gradient(s), state)
        new = step(net, shared | inputs[3], options, state, inputs[0])
        new[-1] = (new[-1][0] + inputs[1],) + new[-1][1:]
        return new, new

    return jax.lax.scan(body, state0, (x, eps, gradientScale, own))[1]


def loss(net, p, h, target, has_target, outputs):
    """l_t of one step; outputs: 1 where an output has a target."""
    # A fully recurrent network has no readout: its first units are the outputs.
    y = p["readout.weight"] @ h + p["readout.bias"] if "readout.weight" in p else h[: len(outputs)]
    if net.loss == "cross_entropy":
        # -log softmax(y)_d = log(1 + Σ_{j≠d} e^(y_j - y_d)), whose derivative keeps its digits where the class is certain.
        others = jnp.arange(len(y)) != target
        return jnp.logaddexp(0.0, jax.nn.logsumexp(y - y[target], b=others)) * has_target
    return 0.5 * (outputs * (y - target) ** 2).sum() * has_target


@functools.partial(jax.jit, static_argnums=0)
def passes(net, p, options, t):
    """h, every l_t, the gradients of the objective by p and by the top layer's h_t, and the states of all layers."""

    def every_state(p, eps):
        of_sequence = lambda s, x, e: states(net, p, options, s, x, e, t["gradient_scale"])
        return jax.vmap(of_sequence, (0, 1, 1), 1)(t["state0"], t["x"], eps)

    def forward(p, eps):
        h = every_state(p, eps)[-1][0]
        of_step = lambda *step: loss(net, p, *step)
        return h, jax.vmap(jax.vmap(of_step))(h, t["target"], t["target_mask"], t["output_mask"])

    def objective(p, eps):
        return t["weight"] * (forward(p, eps)[1] * t["mask"]).sum()

    eps = jnp.zeros(t["x"].shape[:2] + t["state0"][-1][0].shape[-1:])
    return *forward(p, eps), *jax.grad(objective, (0, 1))(p, eps), every_state(p, eps)


@functools.partial(jax.jit, static_argnums=0)
def jacobians(net, p, options, t):
    """Of sequence 0: d s_t / d s_{t-1} of the joint state of all layers [T,D,D], and d l_t / d h_t [T,H]."""
    state0 = jax.tree.map(lambda s: s[0], t["state0"])
    x = t["x"][:, 0]
    h0 = state0[-1][0]
    later = states(net, p, options, state0, x, jnp.zeros((len(x),) + h0.shape), jnp.ones(len(x)))
    before = jax.tree.map(lambda first, rest: jnp.concatenate([first[None], rest[:-1]]), state0, later)
    flat = lambda state: jnp.concatenate([part for layer in state for part in layer])
    sizes = np.cumsum([len(part) for layer in state0 for part in layer])[:-1]

    shared, own = untied(p)

    def joint(s, x, own):
        parts = iter(jnp.split(s, sizes))
        return flat(step(net, shared | own, options, [tuple(next(parts) for _ in layer) for layer in state0], x))

    J = jax.vmap(jax.jacfwd(joint))(jax.vmap(flat)(before), x, own)
    of_step = jax.grad(lambda *step: loss(net, p, *step))
    return J, jax.vmap(of_step)(later[-1][0], t["target"][:, 0], t["target_mask"][:, 0], t["output_mask"][:, 0])


def flow(J, direct, top):
    """log10 || d l_i / d h_t ||, row i, column t; `top` is where h of the top layer lies in the joint state."""
    T, D = J.shape[:2]
    rows, exponent, found = np.zeros((T, D)), np.zeros(T), np.full((T, T), -np.inf)
    for t in reversed(range(T)):
        if t + 1 < T:
            rows = rows @ J[t + 1]
        rows[t, top] = direct[t]
        power = np.frexp(np.abs(rows).max(1))[1]
        rows = np.ldexp(rows, -power[:, None])
        exponent += power
        with np.errstate(divide="ignore"):
            norm = np.linalg.norm(rows[:, top], axis=1)
            found[:, t] = np.where(norm > 0, np.log10(norm) + exponent * np.log10(2), -np.inf)
    return found


def ranks(J):
    """The exact rank of J_T ... J_{k+1} for every k, counted modulo a prime (too low by a chance of some 1e-17)."""
    prime, D = 2**61 - 1, J.shape[1]
    residue = lambda v: (lambda n, d: n * pow(d, -1, prime) % prime)(*float(v).as_integer_ratio())
    product, found = [[int(i == j) for j in range(D)] for i in range(D)], []
    for matrix in reversed(J):
        columns = [[residue(v) for v in column] for column in matrix.T]
        product = [[sum(a * b for a, b in zip(row, column)) % prime for column in columns] for row in product]
        rows, rank = [list(row) for row in product], 0
        for c in range(D):
            pivot = next((r for r in range(rank, D) if rows[r][c]), None)
            if pivot is None:
                continue
            rows[rank], rows[pivot] = rows[pivot], rows[rank]
            inverse = pow(rows[rank][c], -1, prime)
            for r in range(rank + 1, D):
                factor = rows[r][c] * inverse % prime
                rows[r] = [(a - factor * b) % prime for a, b in zip(rows[r], rows[rank])]
            rank += 1
        found.insert(0, rank)
    return found


def log10_singular_values(J, ks, digits):
    """Of J_T ... J_{k+1} for the k asked for, descending."""
    mpmath.mp.dps = digits
    P, found = mpmath.eye(J.shape[1]), {}
    for k in reversed(range(len(J))):
        P = P * mpmath.matrix(J[k].tolist())
        if k in ks:
            values = sorted(mpmath.svd_r(P, compute_uv=False), reverse=True)
            found[k] = np.array([float(mpmath.log10(v)) if v > 0 else -np.inf for v in values])
    return found


def check_product(J, shaken, ours, single):
    """What was found of the trace's `product`; shaken: the Jacobians with roundings."""
    name, (T, D) = "product (log10 sigma)", J.shape[:2]
    if ours.shape != (T, D):
        return Line(name, False, np.inf, f"shape {ours.shape} for {(T, D)}")
    # All lags while that is quick, else the longest, one in the middle and the shortest.
    ks = sorted(range(T) if D * T <= 400 else {0, T // 2, T - 1})
    rank = ranks(J)
    # Rows that are multiples of each other to their last digit are so no more when these are shaken; zeros stay zeros.
    largest_rank = functools.cache(lambda k: max(ranks(S)[k] for S in shaken) if rank[k] < D else D)
    for k in ks:
        if np.isnan(ours[k]).any() or not rank[k] <= np.isfinite(ours[k]).sum() <= largest_rank(k):
            return Line(name, False, np.inf, f"row {k}: {np.isfinite(ours[k]).sum()} are finite, the rank is {rank[k]}")
    span = max((np.ptp(ours[k][: rank[k]]) for k in ks if rank[k]), default=0)
    digits = 60 + int(span) + 4 * T // 10
    want = log10_singular_values(J, ks, digits)
    other = [log10_singular_values(J, ks, digits) for J in shaken]
    first = largest = moved = 0.0
    ok = True
    for k in ks:
        r = rank[k]
        gap = np.abs(ours[k][:r] - want[k][:r])
        with np.errstate(invalid="ignore"):
            move = np.nan_to_num(np.max([np.abs(s[k][:r] - want[k][:r]) for s in other], 0))
        first, largest, moved = max([first, *gap[:1]]), max([largest, *gap]), max([moved, *move])
        tolerance = np.full(r, 1e-4 if single else 1e-6)
        tolerance[:1] = 1e-4 if single else 1e-9
        ok = ok and (gap <= np.maximum(tolerance, 20 * move)).all()
    text = f"largest: {first:.2e}  all: {largest:.2e}  (rounding alone: {moved:.1e})"
    return Line(name, bool(ok), first, text + (f"  rank down to {min(rank)} of {D}" if min(rank) < D else ""), moved)


class Line(NamedTuple):
    """What was found of one quantity."""

    name: str
    ok: bool
    error: float
    text: str
    moved: float = 0.0  # how far roundings alone moved it


def relative(name, ours, truth, tolerance, shaken=()):
    """The largest error, relative to the largest number, allowed also to be 20 times what rounding does."""
    ours, truth = np.asarray(ours, float), np.asarray(truth, float)
    if ours.shape != truth.shape:
        return Line(name, False, np.inf, f"shape {ours.shape} for {truth.shape}")
    if (np.isfinite(ours) != np.isfinite(truth)).any() or (ours != truth)[~np.isfinite(truth)].any():
        return Line(name, False, np.inf, "finite where it is not, or not where it is")
    finite = np.isfinite(truth)
    scale = max(np.max(np.abs(truth[finite]), initial=0.0), 1e-300)
    distance = lambda a: float(np.max(np.abs(np.asarray(a)[finite] - truth[finite]), initial=0.0)) / scale
    error, moved = distance(ours), max(map(distance, shaken), default=0.0)
    return Line(
        name, error <= max(tolerance, 20 * moved), error,
        f"{error:.2e}" + (f"  (rounding alone: {moved:.1e})" if error > tolerance else ""), moved)


def check(path, tolerance=None, stale=False):
    """What was found of each quantity of the trace at `path`; stale: its weights have stood still, so that a stored past is one
    that can be computed again."""
    with safe_open(path, framework="numpy") as file:
        meta, tensors = file.metadata(), {k: file.get_tensor(k) for k in file.keys()}
    net = Net(meta["cell"], int(meta["layers"]), meta["loss"])
    if net.cell not in CELLS:
        raise SystemExit(f"check_trace: no oracle for the cell {net.cell!r}")
    if "\n  history: stale" in meta["experiment"] and not stale:
        raise SystemExit("check_trace: activations made under older weights cannot be computed again from a trace")
    single = "\nprecision: float32" in "\n" + meta["experiment"]
    tolerance = tolerance or (1e-4 if single else 1e-9)
    rounding = 1e-6 if single else 1e-15
    options = {k: jnp.asarray(v, float) for k, v in json.loads(meta["cell_options"]).items()}
    options["activation"] = list(ACTIVATIONS).index(meta["activation"])
    p = {k: jnp.asarray(v) for k, v in tensors.items() if k.startswith(("weight", "bias_", "readout.", "beta_logit"))}
    t = {k: jnp.asarray(tensors[k]) for k in ("x", "target", "target_mask", "mask")}
    O = len(p["readout.bias"]) if "readout.bias" in p else t["target"].shape[-1]
    t["output_mask"] = jnp.asarray(tensors.get("output_mask", np.ones((*t["mask"].shape, O))))
    t["gradient_scale"] = jnp.asarray(tensors.get("gradientScale", np.ones(len(tensors["x"]))))
    # The mean is over the injected steps and the batch.
    t["weight"] = 1.0 if meta["reduction"] == "sum" else 1 / t["mask"].sum()
    t["state0"] = [tuple(jnp.asarray(part) for part in tensors[f"state0_l{l}"]) for l in range(net.layers)]
    H, T = tensors["h"].shape[-1], len(tensors["x"])
    top = slice((net.layers - 1) * net.parts * H, ((net.layers - 1) * net.parts + 1) * H)

    def everything(p, random):
        """By name what the trace must have, and the Jacobians; with random: with roundings in weights and Jacobians."""
        shake = lambda v: v if random is None else v * (1 + rounding * random.standard_normal(v.shape))
        p = {k: shake(v) for k, v in p.items()}
        h, losses, by_parameter, by_state, layers = passes(net, p, options, t)
        J, direct = (np.asarray(v) for v in jacobians(net, p, options, t))
        J = shake(J)
        found = {"h": h, "loss": losses, "grad_h": by_state} | {f"grad.{k}": by_parameter[k] for k in sorted(p)}
        # [T, parts, B, H]
        found |= {f"state_l{l}": jnp.stack(v, 1) for l, v in enumerate(layers) if f"state_l{l}" in tensors}
        return found | {"flow": flow(J, direct, top)}, J

    random = np.random.default_rng(0)
    (truth, J), *shaken = everything(p, None), everything(p, random), everything(p, random)
    if net.loss == "cross_entropy":  # e^-700 and less: whether that is 0 is how far an exponential underflows
        certain = (truth["loss"][:, 0] < (1e-30 if single else 1e-290)) & (tensors["target_mask"][:, 0] > 0)
        for flows in (tensors, truth, *(s for s, _ in shaken)):
            flows["flow"] = np.where(certain[:, None], 0.0, flows["flow"])
    lines = [
        relative(name, tensors[name], want, tolerance, [s[name] for s, _ in shaken]) for name, want in truth.items()
    ]
    if net.layers == 1:  # several layers have no one product
        lines.append(check_product(J, [J for _, J in shaken], tensors["product"], single))
    return lines


def main():
    args = argparse.ArgumentParser()
    args.add_argument("traces", nargs="+")
    args.add_argument("--tolerance", type=float)
    args = args.parse_args()
    wrong = 0
    for path in args.traces:
        if len(args.traces) > 1:
            print(path)
        for line in check(path, args.tolerance):
            wrong += not line.ok
            print(f"{'ok   ' if line.ok else 'WRONG'} {line.name:28s} {line.text}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
