"""Causal Transformers by JAX (float64, from the equations) and, where it has the same block, by PyTorch's TransformerEncoder.

usage: python make_transformers.py        (needs: pip install "jax[cpu]" numpy torch safetensors)

Writes transformers.json, and transformers_crossed.json with the options crossed, with of each case the parameters in order, the data,
the objective, the gradient, and of sequence 0 of every layer ‖∂l_i/∂x_t‖, [targets, T], x_t what the block of the layer reads; and
torch.safetensors, the weights of one module of PyTorch's under its own names. Where PyTorch is asked too, its objective and gradient
stand beside: `torchObjective`, `torchGradient`. Numbers of crossed cases have 13 digits, more than a test asks for.
"""
import json

import jax, jax.numpy as jnp, numpy as np, torch
from safetensors.torch import save_file

jax.config.update("jax_enable_x64", True)
PHI = {"tanh": jnp.tanh, "relu": jax.nn.relu}


def norm(x, gain, shift):
    mean = x.mean(-1, keepdims=True)
    return gain * (x - mean) / jnp.sqrt(((x - mean) ** 2).mean(-1, keepdims=True) + 1e-5) + shift


def sines(T, d):
    angle = np.arange(T)[:, None] * 10000.0 ** (-2 * (np.arange(d) // 2) / d)
    return np.where(np.arange(d) % 2 == 0, np.sin(angle), np.cos(angle))


def turned(q):
    """The pairs (2i, 2i+1) of each head, [T, B, heads, w], turned by t·10000^(-2i/w)."""
    T, w = q.shape[0], q.shape[-1]
    angle = np.arange(T)[:, None] * 10000.0 ** (-2 * np.arange(w // 2) / w)
    c, s = np.cos(angle)[:, None, None], np.sin(angle)[:, None, None]
    a, b = q[..., 0::2], q[..., 1::2]
    return jnp.stack([a * c - b * s, a * s + b * c], -1).reshape(q.shape)


def attention(x, p, name, heads, rotary):
    T, B, d = x.shape
    w = d // heads
    q, k, v = jnp.split(x @ p[name + "in_proj_weight"].T + p[name + "in_proj_bias"], 3, -1)
    q, k, v = (a.reshape(T, B, heads, w) for a in (q, k, v))
    if rotary:
        q, k = turned(q), turned(k)
    score = jnp.einsum("tbhw,sbhw->bhts", q, k) / np.sqrt(w)
    score = jnp.where(np.tril(np.ones((T, T), bool)), score, -jnp.inf)
    o = jnp.einsum("bhts,sbhw->tbhw", jax.nn.softmax(score, -1), v).reshape(T, B, d)
    return o @ p[name + "out_proj.weight"].T + p[name + "out_proj.bias"]


def body(c, p, x, on):
    x = x @ p["embedding.weight"].T + p["embedding.bias"]
    if c["positions"] == "sinusoidal":
        x = x + sines(*x.shape[::2])[:, None]
    if c["positions"] == "learned":
        x = x + p["positions.weight"][:, None]
    for l in range(c["layers"]):
        x, name = x + on[l], f"layers.{l}."
        n = lambda i, a: norm(a, p[name + f"norm{i}.weight"], p[name + f"norm{i}.bias"])
        pre, post = [lambda i, a, k=k: n(i, a) if c["norm"] == k else a for k in ("pre", "post")]
        own = x if c["residual"] else 0
        y = post(1, own + attention(pre(1, x), p, name + "self_attn.", c["heads"], c["positions"] == "rotary"))
        own = y if c["residual"] else 0
        hidden = PHI[c["activation"]](pre(2, y) @ p[name + "linear1.weight"].T + p[name + "linear1.bias"])
        x = post(2, own + hidden @ p[name + "linear2.weight"].T + p[name + "linear2.bias"])
    return norm(x, p["norm.weight"], p["norm.bias"]) if c["norm"] == "pre" else x


def tensors(c):
    d, m = c["width"], c["width"] * c["expansion"]
    yield "embedding.weight", (d, c["inputs"])
    yield "embedding.bias", (d,)
    if c["positions"] == "learned":
        yield "positions.weight", (c["steps"], d)
    for l in range(c["layers"]):
        a = f"layers.{l}."
        yield from [
            (a + "self_attn.in_proj_weight", (3 * d, d)), (a + "self_attn.in_proj_bias", (3 * d,)),
            (a + "self_attn.out_proj.weight", (d, d)), (a + "self_attn.out_proj.bias", (d,)),
            (a + "linear1.weight", (m, d)), (a + "linear1.bias", (m,)), (a + "linear2.weight", (d, m)), (a + "linear2.bias", (d,))]
        if c["norm"] != "none":
            yield from [(a + f"norm{i}.{k}", (d,)) for i in (1, 2) for k in ("weight", "bias")]
    if c["norm"] == "pre":
        yield from [("norm.weight", (d,)), ("norm.bias", (d,))]
    yield from [("readout.weight", (c["outputs"], d)), ("readout.bias", (c["outputs"],))]


def losses(c, y, target):
    """l of every step and sequence, [T, B]."""
    if c["loss"] == "squared":
        return 0.5 * ((y - target) ** 2).sum(-1)
    return -jnp.take_along_axis(jax.nn.log_softmax(y), target[..., None], -1)[..., 0]


class Module(torch.nn.Module):
    def __init__(self, c):
        super().__init__()
        self.embedding = torch.nn.Linear(c["inputs"], c["width"])
        layer = torch.nn.TransformerEncoderLayer(
            c["width"], c["heads"], c["width"] * c["expansion"], dropout=0, activation=getattr(torch, c["activation"]),
            norm_first=c["norm"] == "pre")
        last = torch.nn.LayerNorm(c["width"]) if c["norm"] == "pre" else None
        self.encoder = torch.nn.TransformerEncoder(layer, c["layers"], last, enable_nested_tensor=False)
        self.readout = torch.nn.Linear(c["width"], c["outputs"])

    def forward(self, x):
        T = x.shape[0]
        return self.readout(self.encoder(self.embedding(x), mask=torch.full((T, T), -torch.inf).triu(1).to(x)))


def by_torch(c, p, x, target, mask):
    module = Module(c).double()
    ours = lambda name: name.removeprefix("encoder.")
    module.load_state_dict({name: torch.tensor(p[ours(name)]) for name in module.state_dict()})
    y, t, m = module(torch.tensor(x)), torch.tensor(target), torch.tensor(mask, dtype=torch.float64)
    l = 0.5 * ((y - t) ** 2).sum(-1) if c["loss"] == "squared" else torch.nn.functional.cross_entropy(
        y.permute(1, 2, 0), t.T, reduction="none").T
    objective = (l * m).sum() / m.sum()
    objective.backward()
    grads = {ours(name): a.grad.numpy() for name, a in module.named_parameters()}
    if c["name"] == "torch pre":
        save_file({name: a.contiguous() for name, a in module.state_dict().items()}, "torch.safetensors")
    return objective.item(), [g for name, _ in tensors(c) for g in grads[name].ravel().tolist()]


def case(seed, c):
    rng = np.random.default_rng(seed)
    c = dict(c, norm=c.get("norm", "pre"))
    T, B = c["steps"], c["batch"]
    p = {}
    for name, shape in tensors(c):
        p[name] = np.round(rng.normal(size=shape) / np.sqrt(shape[-1] if len(shape) > 1 else 3), 6)
        if "norm" in name and name.endswith("weight"):
            p[name] = np.round(1 + 0.3 * p[name], 6)
    x = np.round(rng.normal(size=(T, B, c["inputs"])), 6)
    squared = c["loss"] == "squared"
    target = np.round(rng.normal(size=(T, B, c["outputs"])), 6) if squared else rng.integers(0, c["outputs"], (T, B))
    mask = (rng.random((T, B)) < 0.7).astype(int)
    mask[-1] = 1
    zeros = [jnp.zeros((T, B, c["width"])) for _ in range(c["layers"])]

    def l(p, on):
        return losses(c, body(c, p, x, on) @ p["readout.weight"].T + p["readout.bias"], target)

    objective, gradient = jax.value_and_grad(lambda p: (l(p, zeros) * mask).sum() / mask.sum())({k: jnp.asarray(v) for k, v in p.items()})
    slopes = jax.jit(jax.jacobian(lambda on: l(p, on)[:, 0]))(zeros)
    rows = np.flatnonzero(mask[:, 0])
    flow = [np.asarray(jnp.sqrt((s[rows][:, :, 0] ** 2).sum(-1))).ravel().tolist() for s in slopes]
    flat = lambda d: [float(v) for name, _ in tensors(c) for v in np.asarray(d[name]).ravel()]
    out = dict(
        c, parameters=flat(p), x=x.ravel().tolist(), mask=mask.ravel().tolist(), target=target.ravel().tolist(),
        objective=float(objective), gradient=flat(gradient), flow=flow)
    if c["name"].startswith("torch"):
        out["torchObjective"], out["torchGradient"] = by_torch(c, p, x, target, mask)
    return out


def shortened(value):
    """The same with 13 digits of each number."""
    if isinstance(value, dict):
        return {k: shortened(v) for k, v in value.items()}
    if isinstance(value, list):
        return [shortened(v) for v in value]
    return float(f"{value:.13g}") if isinstance(value, float) else value


def settings(name, steps, batch, inputs, width, outputs, layers, heads, loss, **more):
    base = dict(positions="none", residual=True, activation="relu", expansion=2)
    return dict(base, name=name, steps=steps, batch=batch, inputs=inputs, width=width, outputs=outputs, layers=layers,
                heads=heads, loss=loss, **more)


cases = [
    settings("torch pre", 7, 2, 3, 8, 4, 2, 2, "cross_entropy"),
    settings("torch post", 5, 3, 2, 6, 3, 3, 3, "squared", norm="post", activation="tanh", expansion=4),
    settings("torch one head", 37, 1, 2, 4, 2, 1, 1, "cross_entropy"),
    settings("sinusoidal", 9, 2, 3, 8, 2, 1, 4, "squared", positions="sinusoidal", activation="tanh"),
    settings("learned", 6, 2, 3, 5, 3, 2, 1, "cross_entropy", positions="learned", norm="none", activation="tanh"),
    settings("rotary", 8, 2, 3, 12, 3, 2, 3, "cross_entropy", positions="rotary", activation="tanh"),
    settings("no residual", 7, 2, 3, 8, 3, 2, 2, "squared", residual=False, norm="none", activation="tanh"),
    settings("no residual post", 7, 1, 3, 8, 3, 2, 2, "squared", residual=False, norm="post", activation="tanh"),
    settings("no residual pre", 40, 1, 3, 8, 3, 1, 2, "squared", residual=False, positions="rotary", activation="tanh"),
]
with open("transformers.json", "w") as file:
    json.dump([case(k + 1, c) for k, c in enumerate(cases)], file)

# Every norm with every code of positions, and every norm without residual paths, with both losses at three sizes.
SIZES = [(3, 2, 4, 2, 1), (5, 1, 4, 1, 2), (7, 2, 6, 3, 1)]
OPTIONS = [(n, p, True) for n in ("none", "pre", "post") for p in ("sinusoidal", "learned", "rotary")]
OPTIONS += [(n, "rotary", False) for n in ("none", "pre", "post")]
crossed = [
    settings(f"{n} {p} {'' if residual else 'no residual '}{loss} T={T} d={d} heads={heads} layers={layers}", T, B, 2, d, 2, layers,
             heads, loss, norm=n, positions=p, residual=residual, activation="tanh", expansion=1)
    for n, p, residual in OPTIONS for loss in ("cross_entropy", "squared") for T, B, d, heads, layers in SIZES]
with open("transformers_crossed.json", "w") as file:
    json.dump([shortened(case(100 + k, c)) for k, c in enumerate(crossed)], file, separators=(",", ":"))
