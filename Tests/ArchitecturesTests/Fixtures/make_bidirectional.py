"""Bidirectional recurrent networks by JAX (float64) from their equations, held against PyTorch's own modules to 1e-12.

usage: python make_bidirectional.py > bidirectional.json        (needs: pip install "jax[cpu]" torch numpy)

Of each case the parameters by name, the data, the objective, the gradients, and of sequence 0 ‖∂l_i/∂h_t‖, [targets, T], of every
direction as it is shown: backward and then forward of each layer, the lowest first.
"""
import json, sys

import jax, jax.numpy as jnp, numpy as np, torch

jax.config.update("jax_enable_x64", True)
torch.set_default_dtype(torch.float64)
sigmoid = jax.nn.sigmoid
GATES = {"elman": 1, "lstm": 4, "gru": 3}
MODULES = {"elman": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}
O = 3


def step(cell, p, end, state, x):
    h, H = state[0], state[0].shape[-1]
    a, r = x @ p["weight_ih" + end].T + p["bias_ih" + end], h @ p["weight_hh" + end].T
    gate = lambda v, k: v[:, k * H : (k + 1) * H]
    if cell == "elman":
        return [jnp.tanh(a + r)]
    if cell == "lstm":
        i, f, g, o = (gate(a + r, k) for k in range(4))
        c = sigmoid(f) * state[1] + sigmoid(i) * jnp.tanh(g)
        return [sigmoid(o) * jnp.tanh(c), c]
    r = r + p["bias_hh" + end]
    reset, z = sigmoid(gate(a, 0) + gate(r, 0)), sigmoid(gate(a, 1) + gate(r, 1))
    n = jnp.tanh(gate(a, 2) + reset * gate(r, 2))
    return [(1 - z) * n + z * h]


def run(c, p, x, on):
    """[h→; h←] of the top, on being added to every h as it arises, [layers, 2, T, B, H]."""
    read = jnp.asarray(x)
    for layer in range(c["layers"]):
        both = []
        for side, suffix in enumerate(["", "_reverse"]):
            zero = jnp.zeros((c["batch"], c["width"]))
            state, hs = [zero, zero][: 2 if c["cell"] == "lstm" else 1], [None] * c["steps"]
            for t in range(c["steps"]) if side == 0 else reversed(range(c["steps"])):
                state = step(c["cell"], p, f"_l{layer}{suffix}", state, read[t])
                state[0] = state[0] + on[layer, side, t]
                hs[t] = state[0]
            both.append(jnp.stack(hs))
        read = jnp.concatenate(both, -1)
    return read


def case(seed, cell, steps, batch, inputs, width, layers, loss):
    c = dict(cell=cell, steps=steps, batch=batch, inputs=inputs, width=width, layers=layers, loss=loss)
    rng = np.random.default_rng(seed)
    draw = lambda *shape: np.round(rng.normal(size=shape) * 0.6, 6)
    p = {}
    for layer in range(layers):
        for suffix in ["", "_reverse"]:
            end, G = f"_l{layer}{suffix}", GATES[cell]
            p["weight_ih" + end] = draw(G * width, inputs if layer == 0 else 2 * width)
            p["weight_hh" + end] = draw(G * width, width)
            p["bias_ih" + end] = draw(G * width)
            if cell == "gru":
                p["bias_hh" + end] = draw(G * width)
    p["readout.weight"], p["readout.bias"] = np.round(draw(O, 2 * width) * 0.5, 6), draw(O)
    x = draw(steps, batch, inputs)
    squared = loss == "squared"
    target = draw(steps, batch, O) if squared else rng.integers(0, O, (steps, batch))
    mask = (rng.random((steps, batch)) < 0.7).astype(int)
    mask[steps // 2] = 1
    zeros = jnp.zeros((layers, 2, steps, batch, width))

    def losses(p, on):
        y = run(c, p, x, on) @ p["readout.weight"].T + p["readout.bias"]
        if squared:
            return 0.5 * ((y - target) ** 2).sum(-1)
        return -jnp.take_along_axis(jax.nn.log_softmax(y), target[..., None], -1)[..., 0]

    q = {k: jnp.asarray(v) for k, v in p.items()}
    objective, gradient = jax.value_and_grad(lambda p: (losses(p, zeros) * mask).sum() / mask.sum())(q)
    rows = np.flatnonzero(mask[:, 0])
    slopes = jax.jacrev(lambda on: losses(q, on)[rows, 0])(zeros)[:, :, :, :, 0]
    norms = np.linalg.norm(np.asarray(slopes), axis=-1)  # [targets, layers, 2, T]

    module = MODULES[cell](inputs, width, layers, bidirectional=True)
    with torch.no_grad():
        for name, value in module.named_parameters():
            value.copy_(torch.tensor(p[name]) if name in p else torch.zeros_like(value))
    weight = {k: torch.tensor(p[k], requires_grad=True) for k in ("readout.weight", "readout.bias")}
    y = module(torch.tensor(x))[0] @ weight["readout.weight"].T + weight["readout.bias"]
    if squared:
        l = 0.5 * ((y - torch.tensor(target)) ** 2).sum(-1)
    else:
        l = torch.nn.functional.cross_entropy(y.reshape(-1, O), torch.tensor(target).reshape(-1), reduction="none").reshape(steps, batch)
    theirs = (l * torch.tensor(mask)).sum() / mask.sum()
    theirs.backward()
    assert abs(theirs.item() - float(objective)) < 1e-12
    for name, value in list(module.named_parameters()) + list(weight.items()):
        if name in p:
            assert np.abs(value.grad.numpy() - np.asarray(gradient[name])).max() < 1e-12, (c, name)

    flat = lambda a: [float(f"{v:.15g}") for v in np.asarray(a, float).ravel()]
    return dict(
        c, parameters={k: flat(v) for k, v in p.items()}, x=flat(x), mask=mask.ravel().tolist(), target=flat(target),
        objective=float(objective), gradient={k: flat(v) for k, v in gradient.items()},
        flow=[flat(norms[:, layer, side]) for layer in range(layers) for side in (1, 0)])


SIZES = [(5, 2, 3, 4, 1), (8, 1, 2, 5, 2), (7, 3, 2, 3, 3)]  # T, B, I, H, layers
cases = [
    case(100 * k + 10 * s + n, cell, *size, loss)
    for k, cell in enumerate(GATES) for s, size in enumerate(SIZES) for n, loss in enumerate(["cross_entropy", "squared"])
]
print(json.dumps(cases, separators=(",", ":")))
print(f"{len(cases)} cases agree", file=sys.stderr)
