"""Passes whose flow is clipped at every step, and the gradient of Pascanu's Ω, by JAX (float64).

Clipping is an identity whose backward pass clips (jax.custom_vjp), put on every state before anything reads it; the rest is
jax.grad. Ω is written from the paper: δ_t and the activations under stop_gradient, so that only W_hh is differentiated.

usage: python make_flow.py > flow.json      (needs: pip install "jax[cpu]" numpy)
"""
import json

import jax, jax.numpy as jnp, numpy as np

jax.config.update("jax_enable_x64", True)
sg = jax.lax.stop_gradient
T, B, I, H, O = 7, 2, 2, 3, 3
BETA, ALPHA = 0.3, 0.6
sigmoid = jax.nn.sigmoid


# A cell's step from W_ih x_t + b, W_hh h_{t-1} (+ b_hh) and the state before, [parts, B, H], to the state.
def elman(i, h, s):
    return jnp.tanh(i + h)[None]


def leaky(i, h, s):
    return ((1 - BETA) * s[0] + BETA * jnp.tanh(i + h))[None]


def residual(i, h, s):
    return (s[0] + ALPHA * jnp.tanh(i + h))[None]


def lstm(i, h, s):
    i, f, g, o = jnp.split(i + h, 4, -1)
    c = sigmoid(f) * s[1] + sigmoid(i) * jnp.tanh(g)
    return jnp.stack([sigmoid(o) * jnp.tanh(c), c])


def gru(i, h, s):
    (ir, iz, inn), (hr, hz, hn) = jnp.split(i, 3, -1), jnp.split(h, 3, -1)
    r, z = sigmoid(ir + hr), sigmoid(iz + hz)
    return ((1 - z) * jnp.tanh(inn + r * hn) + z * s[0])[None]


CELLS = {"elman": (elman, 1, 1), "leaky": (leaky, 1, 1), "residual": (residual, 1, 1), "lstm": (lstm, 4, 2), "gru": (gru, 3, 1)}


def norms(a):
    """‖a‖ of each sequence over [parts, B, H]; 0 without 0/0 in its slope."""
    squares = (a**2).sum((0, 2))
    return jnp.where(squares > 0, jnp.sqrt(jnp.where(squares > 0, squares, 1)), 0)


def clipper(threshold):
    @jax.custom_vjp
    def identity(s):
        return s

    def backward(_, d):
        norm = jnp.sqrt((d**2).sum())
        return (d * jnp.minimum(1.0, threshold / jnp.where(norm > 0, norm, 1)),)

    identity.defvjp(lambda s: (s, None), backward)
    return identity


def case(seed, cell, loss, layers, reduction, threshold, omega, last_targets=True, size=0.7):
    rng = np.random.default_rng(seed)
    draw = lambda *shape: np.round(rng.normal(size=shape) * size, 6)
    step, gates, parts = CELLS[cell]
    p = {}
    for l in range(layers):
        p[f"weight_ih_l{l}"], p[f"weight_hh_l{l}"] = draw(gates * H, I if l == 0 else H), draw(gates * H, H)
        p[f"bias_ih_l{l}"] = draw(gates * H)
        if cell == "gru":
            p[f"bias_hh_l{l}"] = draw(gates * H)
    p["readout.weight"], p["readout.bias"] = draw(O, H), draw(O)
    x, state = draw(T, B, I), draw(layers, parts, B, H)
    mask = (rng.random((T, B)) < 0.7).astype(int)
    mask[-2:] = int(last_targets)
    target = rng.integers(0, O, (T, B)) if loss == "cross_entropy" else draw(T, B, O)
    clip = clipper(threshold) if threshold else lambda s: s

    def run(p, eps):
        s, hs, inputs = [jnp.asarray(v) for v in state], [], []
        for t in range(T):
            below = x[t]
            for l in range(layers):
                i = below @ p[f"weight_ih_l{l}"].T + p[f"bias_ih_l{l}"]
                inputs.append((i, s[l]))
                h = s[l][0] @ p[f"weight_hh_l{l}"].T + p.get(f"bias_hh_l{l}", 0)
                s[l] = clip(step(i, h, s[l]) + eps[l, t])
                below = s[l][0]
            hs.append(below)
        y = jnp.stack(hs) @ p["readout.weight"].T + p["readout.bias"]
        if loss == "cross_entropy":
            losses = -jnp.take_along_axis(jax.nn.log_softmax(y), target[..., None], -1)[..., 0] * mask
        else:
            losses = 0.5 * ((y - target) ** 2).sum(-1) * mask
        total = losses.sum() if reduction == "sum" else losses.sum() / mask.sum()
        return total, inputs

    p = {k: jnp.asarray(v) for k, v in p.items()}
    zero = jnp.zeros((layers, T, parts, B, H))
    # δ by its probe is what comes out of the clipping; that is why eps is added inside of it.
    (total, inputs), (g, delta) = jax.value_and_grad(run, (0, 1), has_aux=True)(p, zero)

    def omega_of(weights):
        total = 0.0
        for t in range(1, T):
            for l in range(layers):
                i, s = inputs[t * layers + l]
                h = s[0] @ p[f"weight_hh_l{l}"].T + p.get(f"bias_hh_l{l}", 0)
                d = sg(delta[l, t])
                # u = ∂L/∂(W_hh h_{t-1}), and what goes from s_t to s_{t-1} past W_hh: both constant
                _, back = jax.vjp(lambda h, s: step(sg(i), h, s), sg(h), sg(s))
                u, past = map(sg, back(d))
                v = past.at[0].add(u @ weights[l])
                before, after = norms(d), norms(v)
                total += jnp.where(before > 0, (after / jnp.where(before > 0, before, 1) - 1) ** 2, 0).mean()
        return total

    weights = [p[f"weight_hh_l{l}"] for l in range(layers)]
    value, slopes = jax.value_and_grad(omega_of)(weights)
    for l in range(layers):
        g[f"weight_hh_l{l}"] = g[f"weight_hh_l{l}"] + omega * slopes[l]
    flat = lambda a: np.asarray(a, float).ravel().tolist()
    return dict(
        cell=cell, loss=loss, layers=layers, reduction=reduction, threshold=threshold or 0, omegaWeight=omega, x=flat(x),
        mask=mask.ravel().tolist(), target=flat(target), state=[flat(v) for v in state],
        parameters={k: flat(v) for k, v in p.items()}, objective=float(total), omega=float(value),
        gradient={k: flat(v) for k, v in g.items()}, delta=[flat(v) for v in delta])


cases = [
    case(1, "elman", "cross_entropy", 1, "mean", None, 0.7), case(2, "elman", "squared", 2, "sum", 0.4, 0.0),
    case(3, "leaky", "cross_entropy", 2, "mean", 0.02, 1.5), case(4, "residual", "squared", 1, "mean", 0.1, 0.3, True, 1.5),
    case(5, "elman", "cross_entropy", 2, "sum", None, 2.0, False), case(6, "lstm", "squared", 1, "mean", 0.05, 0.9),
    case(7, "gru", "cross_entropy", 2, "mean", 0.03, 0.5), case(8, "lstm", "cross_entropy", 2, "sum", None, 0.8, False),
]
print(json.dumps(cases))
