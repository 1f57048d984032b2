"""Gradient flossing (Engelken, NeurIPS 2023) by JAX (float64): F = sum of the squares of the k largest Lyapunov exponents of a
trajectory, by QR along it, and its whole gradient by jax.grad, through the decompositions, the Jacobians and the states.

usage: python make_flossing.py > flossing.json      (needs: pip install "jax[cpu]" numpy)
"""
import json

import jax, jax.numpy as jnp, numpy as np

jax.config.update("jax_enable_x64", True)

# phi, and kappa and s of h = kappa h + s phi(a)
PHI = {"tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid, "softsign": lambda a: a / (1 + jnp.abs(a)), "sin": jnp.sin,
       "relu": jax.nn.relu}
CELLS = {"elman": (0.0, 1.0), "leaky": (0.7, 0.3), "residual": (1.0, 0.6)}


def case(seed, cell, activation, T, I, H, k):
    rng = np.random.default_rng(seed)
    draw = lambda *shape: np.round(rng.normal(size=shape) * 0.8, 6)
    kappa, s = CELLS[cell]
    phi = PHI[activation]
    x, h0 = draw(T, I), draw(H)
    p = {"weight_ih_l0": draw(H, I), "weight_hh_l0": draw(H, H), "bias_ih_l0": draw(H)}

    def step(p, h, x):
        return kappa * h + s * phi(p["weight_ih_l0"] @ x + p["weight_hh_l0"] @ h + p["bias_ih_l0"])

    def exponents(p):
        h, q, sums = jnp.asarray(h0), jnp.eye(H, k), jnp.zeros(k)
        for t in range(T):
            q, r = jnp.linalg.qr(jax.jacobian(step, argnums=1)(p, h, x[t]) @ q)
            sums = sums + jnp.log(jnp.abs(jnp.diag(r)))
            h = step(p, h, x[t])
        return sums / T

    loss = lambda p: (exponents(p) ** 2).sum()
    gradient = jax.grad(loss)({name: jnp.asarray(value) for name, value in p.items()})
    flat = lambda tree: {name: np.asarray(value).ravel().tolist() for name, value in tree.items()}
    return dict(cell=cell, activation=activation, steps=T, inputs=I, hidden=H, count=k, x=x.ravel().tolist(), state=h0.tolist(),
                parameters=flat(p), exponents=np.asarray(exponents(p)).tolist(), value=float(loss(p)), gradient=flat(gradient))


print(json.dumps([
    case(1, "elman", "tanh", 7, 2, 4, 2), case(2, "elman", "sigmoid", 6, 3, 3, 3), case(3, "leaky", "tanh", 9, 1, 5, 2),
    case(4, "residual", "softsign", 8, 2, 4, 1), case(5, "elman", "sin", 5, 1, 3, 2), case(6, "leaky", "relu", 6, 2, 4, 3),
]))
