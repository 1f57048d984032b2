"""Forward values and gradients of small networks by JAX (float64), written from the equations.

usage: python make_passes.py > passes.json      (needs: pip install "jax[cpu]" numpy)
"""
import json

import jax, jax.numpy as jnp, numpy as np

jax.config.update("jax_enable_x64", True)
PHI = {
    "tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu, "softsign": jax.nn.soft_sign, "sin": jnp.sin,
    "leaky_relu": lambda a: jax.nn.leaky_relu(a, 0.01), "hard_tanh": jax.nn.hard_tanh, "identity": lambda a: a,
}
T, B, I, H, O = 6, 2, 3, 4, 3


def case(seed, cell, activation, loss, layers, reduction):
    rng = np.random.default_rng(seed)
    draw = lambda *shape: np.round(rng.normal(size=shape) * 0.7, 6)
    p = {}
    for l in range(layers):
        p[f"weight_ih_l{l}"], p[f"weight_hh_l{l}"] = draw(H, I if l == 0 else H), draw(H, H)
        p[f"bias_ih_l{l}"] = draw(H)
    p["readout.weight"], p["readout.bias"] = draw(O, H), draw(O)
    x, state = draw(T, B, I), draw(layers, B, H)
    mask = (rng.random((T, B)) < 0.7).astype(int)
    target = rng.integers(0, O, (T, B)) if loss == "cross_entropy" else draw(T, B, O)
    phi, beta, alpha = PHI[activation], 0.3, 0.6

    def run(p, eps):
        s, hs = [jnp.asarray(v) for v in state], []
        for t in range(T):
            below = x[t]
            for l in range(layers):
                f = phi(below @ p[f"weight_ih_l{l}"].T + p[f"bias_ih_l{l}"] + s[l] @ p[f"weight_hh_l{l}"].T)
                s[l] = {"elman": f, "leaky": (1 - beta) * s[l] + beta * f, "residual": s[l] + alpha * f}[cell]
                if l == layers - 1:
                    s[l] = s[l] + eps[t]
                below = s[l]
            hs.append(below)
        h = jnp.stack(hs)
        y = h @ p["readout.weight"].T + p["readout.bias"]
        if loss == "cross_entropy":
            losses = -jnp.take_along_axis(jax.nn.log_softmax(y), target[..., None], -1)[..., 0] * mask
        else:
            losses = 0.5 * ((y - target) ** 2).sum(-1) * mask
        total = losses.sum() if reduction == "sum" else losses.sum() / mask.sum()
        return total, (h, losses)

    (total, (h, losses)), (g, ge) = jax.value_and_grad(run, (0, 1), has_aux=True)(
        {k: jnp.asarray(v) for k, v in p.items()}, jnp.zeros((T, B, H)))
    flat = lambda a: np.asarray(a, float).ravel().tolist()
    return dict(
        cell=cell, activation=activation, loss=loss, layers=layers, reduction=reduction, x=flat(x), mask=mask.ravel().tolist(),
        target=flat(target), state=[flat(v) for v in state], parameters={k: flat(v) for k, v in p.items()}, h=flat(h),
        losses=flat(losses), objective=float(total), gradient={k: flat(v) for k, v in g.items()}, gradientH=flat(ge))


cases = [
    case(1, "elman", "tanh", "cross_entropy", 1, "mean"), case(2, "elman", "sigmoid", "squared", 2, "sum"),
    case(3, "leaky", "softsign", "cross_entropy", 1, "sum"), case(4, "residual", "sin", "squared", 1, "mean"),
    case(5, "leaky", "leaky_relu", "squared", 3, "mean"), case(6, "elman", "hard_tanh", "cross_entropy", 1, "mean"),
]
print(json.dumps(cases))
