"""∂l_i/∂x_t, ∂l_i/∂h_t and the terms of the double sum by JAX (float64), written from the equations.

usage: python make_attribution.py > attribution.json      (needs: pip install "jax[cpu]" numpy)

dx [T, T, I]: ∂l_i/∂x_t. dh [T, T, H]: ∂l_i/∂h_t of the top layer, h of later steps computed from it. term [T, T]: the Frobenius
norm of ∂l_i by the top layer's W_hh of step t alone, each step having a copy of its own.
"""
import json

import jax, jax.numpy as jnp, numpy as np

jax.config.update("jax_enable_x64", True)
T, I, H, O = 6, 3, 4, 3
GATES = {"elman": 1, "lstm": 4, "gru": 3}
sigmoid = jax.nn.sigmoid


def step(cell, p, l, below, s, w_hh):
    """One step of PyTorch's cells; s is [parts, H]."""
    x = p[f"weight_ih_l{l}"] @ below + p[f"bias_ih_l{l}"]
    if cell == "elman":
        return jnp.stack([jnp.tanh(x + w_hh @ s[0])])
    if cell == "lstm":
        i, f, g, o = jnp.split(x + w_hh @ s[0], 4)
        c = sigmoid(f) * s[1] + sigmoid(i) * jnp.tanh(g)
        return jnp.stack([sigmoid(o) * jnp.tanh(c), c])
    rx, zx, nx = jnp.split(x, 3)
    rh, zh, nh = jnp.split(w_hh @ s[0] + p[f"bias_hh_l{l}"], 3)
    r, z = sigmoid(rx + rh), sigmoid(zx + zh)
    n = jnp.tanh(nx + r * nh)
    return jnp.stack([(1 - z) * n + z * s[0]])


def case(seed, cell, layers):
    rng = np.random.default_rng(seed)
    draw = lambda *shape: np.round(rng.normal(size=shape) * 0.7, 6)
    g, parts, p = GATES[cell], 2 if cell == "lstm" else 1, {}
    for l in range(layers):
        p[f"weight_ih_l{l}"], p[f"weight_hh_l{l}"] = draw(g * H, I if l == 0 else H), draw(g * H, H)
        p[f"bias_ih_l{l}"] = draw(g * H)
        if cell == "gru":
            p[f"bias_hh_l{l}"] = draw(g * H)
    p["readout.weight"], p["readout.bias"] = draw(O, H), draw(O)
    x, state, target = draw(T, I), draw(layers, parts, H), rng.integers(0, O, T)

    def losses(x, eps, copies):
        s, out = [jnp.asarray(v) for v in state], []
        for t in range(T):
            below = x[t]
            for l in range(layers):
                top = l == layers - 1
                s[l] = step(cell, p, l, below, s[l], copies[t] if top else p[f"weight_hh_l{l}"])
                if top:
                    s[l] = s[l].at[0].add(eps[t])
                below = s[l][0]
            y = p["readout.weight"] @ below + p["readout.bias"]
            out.append(-jax.nn.log_softmax(y)[target[t]])
        return jnp.stack(out)

    copies = jnp.stack([jnp.asarray(p[f"weight_hh_l{layers - 1}"])] * T)
    dx, dh, dw = jax.jacobian(losses, (0, 1, 2))(jnp.asarray(x), jnp.zeros((T, H)), copies)
    flat = lambda a: np.asarray(a, float).ravel().tolist()
    return dict(
        cell=cell, layers=layers, x=flat(x), target=target.tolist(), state=[flat(v) for v in state],
        parameters={k: flat(v) for k, v in p.items()}, dx=flat(dx), dh=flat(dh),
        term=flat(jnp.sqrt((dw ** 2).sum((-1, -2)))))


print(json.dumps([case(1, "elman", 1), case(2, "elman", 2), case(3, "lstm", 1), case(4, "gru", 2)]))
