"""Fixed points of tanh, GRU and LSTM networks with their input held, by JAX, for FixedPointTests.swift.

Newton's method on F(s) - s from thousands of random states, with Jacobians by automatic differentiation: another method, another
derivative and other starts than the program's. Run with: python make_fixed_points.py > fixed_points.json
"""

import json

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)


def elman(p, x, s):
    return jnp.tanh(p["weight_ih_l0"] @ x + p["bias_ih_l0"] + p["weight_hh_l0"] @ s)


def gru(p, x, h):
    gi = p["weight_ih_l0"] @ x + p["bias_ih_l0"]
    gh = p["weight_hh_l0"] @ h + p["bias_hh_l0"]
    (ir, iz, i_n), (hr, hz, hn) = jnp.split(gi, 3), jnp.split(gh, 3)
    r, z = jax.nn.sigmoid(ir + hr), jax.nn.sigmoid(iz + hz)
    n = jnp.tanh(i_n + r * hn)
    return (1 - z) * n + z * h


def lstm(p, x, s):
    h, c = jnp.split(s, 2)
    a = p["weight_ih_l0"] @ x + p["bias_ih_l0"] + p["weight_hh_l0"] @ h
    i, f, g, o = jnp.split(a, 4)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jnp.concatenate([jax.nn.sigmoid(o) * jnp.tanh(c), c])


def case(name, step, gates, parts, hidden, gain, seed):
    rng = np.random.default_rng(seed)
    inputs = 2
    p = {
        "weight_ih_l0": rng.normal(size=(gates * hidden, inputs)) * 0.5,
        "weight_hh_l0": rng.normal(size=(gates * hidden, hidden)) * gain / np.sqrt(hidden),
        "bias_ih_l0": rng.normal(size=gates * hidden) * 0.1,
    }
    if name == "gru":
        p["bias_hh_l0"] = rng.normal(size=gates * hidden) * 0.1
    p = {key: np.round(value, 6) for key, value in p.items()}
    x = np.round(rng.normal(size=inputs) * 0.3, 6)
    f = lambda s: step(p, x, s)
    jacobian = jax.jit(jax.vmap(jax.jacfwd(f)))
    many = jax.jit(jax.vmap(f))
    width = parts * hidden
    s = rng.uniform(-1.2, 1.2, size=(4000, width)) * (2.0 if parts == 2 else 1.0)
    for _ in range(100):
        r, j = np.asarray(many(s)) - s, np.asarray(jacobian(s)) - np.eye(width)
        # A state where J is singular goes on from beside it.
        d = np.linalg.solve(j + 1e-9 * np.eye(width), r[..., None])[..., 0]
        length = np.linalg.norm(d, axis=1, keepdims=True)
        s = s - d * np.minimum(1, 0.5 / np.maximum(length, 1e-12))
    r = np.linalg.norm(np.asarray(many(s)) - s, axis=1)
    points = []
    for state in s[r < 1e-12]:
        if not any(np.linalg.norm(state - other) < 1e-6 for other in points):
            points.append(state)
    found = []
    for state in points:
        eigenvalues = np.linalg.eigvals(np.asarray(jax.jacfwd(f)(state)))
        moduli = np.sort(np.abs(eigenvalues))[::-1]
        found.append({"state": state.tolist(), "moduli": moduli.tolist()})
    return {
        "cell": name, "hidden": hidden, "x": x.tolist(),
        "parameters": {key: value.ravel().tolist() for key, value in p.items()}, "points": found,
    }


cases = [
    case("elman", elman, 1, 1, 5, 3.0, 1),
    case("elman", elman, 1, 1, 3, 3.0, 8),
    case("gru", gru, 3, 1, 3, 9.0, 0),
    case("lstm", lstm, 4, 2, 2, 9.0, 3),
]
print(json.dumps(cases))
