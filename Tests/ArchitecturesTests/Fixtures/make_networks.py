"""Attention over past states, trees, deep feed-forward networks and convolutional LSTMs by JAX (float64), from their equations.

usage: python make_networks.py > networks.json        (needs: pip install "jax[cpu]" numpy)

Of each case the parameters in order, the data, the objective, the gradient, and of sequence 0 ‖∂l_i/∂h_t‖, [targets, T]: h_t a
state, a leaf of a tree, or a layer of a deep network.
"""
import json

import jax, jax.numpy as jnp, numpy as np

jax.config.update("jax_enable_x64", True)
PHI = {"tanh": jnp.tanh, "relu": jax.nn.relu, "sigmoid": jax.nn.sigmoid}
sigmoid = jax.nn.sigmoid


def norm(x, gain, shift):
    mean = x.mean(-1, keepdims=True)
    return gain * (x - mean) / jnp.sqrt(((x - mean) ** 2).mean(-1, keepdims=True) + 1e-5) + shift


def attention(c, p, x, on):
    T, B, _ = x.shape
    h, s = [], jnp.zeros((B, c["width"]))
    for t in range(T):
        s = PHI[c["activation"]](x[t] @ p["weight_ih_l0"].T + p["bias_ih_l0"] + s @ p["weight_hh_l0"].T) + on[t]
        h.append(s)
    h = jnp.stack(h)
    if c["scoring"] == "dot":
        score = jnp.einsum("tbh,sbh->bts", h, h) / np.sqrt(c["width"])
    else:
        q, k = h @ p["attention.query.weight"].T, h @ p["attention.key.weight"].T
        score = (jnp.tanh(q[:, None] + k[None]) @ p["attention.score.weight"][0]).transpose(2, 0, 1)
    alpha = jax.nn.softmax(jnp.where(np.tril(np.ones((T, T), bool)), score, -jnp.inf), -1)
    context = jnp.einsum("bts,sbh->tbh", alpha, h)
    return jnp.tanh(jnp.concatenate([h, context], -1) @ p["combine.weight"].T + p["combine.bias"])


def tree(c, p, x, on):
    T, d = x.shape[0], c["width"]
    gated = c["composition"] == "lstm"

    def node(i, left, right, leaf):
        a = x[i] @ p["input.weight"].T + p["input.bias"]
        if left:
            a = a + left[0] @ p["left.weight"].T + right[0] @ p["right.weight"].T
        if not gated:
            h, m = PHI[c["activation"]](a), None
        else:
            i_, fl, fr, o, u = jnp.split(a, 5, -1)
            m = sigmoid(i_) * jnp.tanh(u)
            if left:
                m = m + sigmoid(fl) * left[1] + sigmoid(fr) * right[1]
            h = sigmoid(o) * jnp.tanh(m)
        return (h if leaf is None else h + on[leaf], m)

    def over(lo, hi):
        if hi - lo == 1:
            return node(lo, None, None, lo)
        middle = (lo + hi + 1) // 2 if c["tree"] == "balanced" else hi - 1
        return node(middle - 1, over(lo, middle), over(middle, hi), None)

    return jnp.zeros((T, x.shape[1], d)).at[T - 1].set(over(0, T)[0])


def feedforward(c, p, x, on):
    T, B, I = x.shape
    h, out = x.transpose(1, 0, 2).reshape(B, T * I) @ p["embedding.weight"].T + p["embedding.bias"], []
    at = lambda name, t: p[name] if c["tied"] else p[name][t]
    for t in range(T):
        u = norm(h, at("norm.weight", t), at("norm.bias", t)) if c["norm"] == "pre" else h
        f = PHI[c["activation"]](u @ at("layers.weight", t).T + at("layers.bias", t))
        h = (h + f if c["residual"] else f) + on[t]
        out.append(h)
    return jnp.stack(out)


def convolutional(c, p, x, on):
    T, B, W = x.shape
    C, reach = c["width"] // W, (c["kernel"] - 1) // 2
    conv = lambda frame, w: jax.lax.conv_general_dilated(frame, w, (1,), [(reach, reach)]).transpose(0, 2, 1)
    h, m, out = jnp.zeros((B, W, C)), jnp.zeros((B, W, C)), []
    for t in range(T):
        a = conv(x[t][:, None], p["conv_ih.weight"]) + p["conv_ih.bias"] + conv(h.transpose(0, 2, 1), p["conv_hh.weight"])
        i, f, g, o = jnp.split(a, 4, -1)
        m = sigmoid(f) * m + sigmoid(i) * jnp.tanh(g)
        h = sigmoid(o) * jnp.tanh(m) + on[t].reshape(B, W, C)
        out.append(h.reshape(B, W * C))
    return jnp.stack(out)


def readout(c, p, h):
    T, B, I = h.shape[0], h.shape[1], c["inputs"]
    if c["kind"] == "convolutional":
        # One readout for every cell.
        h = h.reshape(T, B, I, -1)
    return (h @ p["readout.weight"].T + p["readout.bias"]).reshape(T, B, c["outputs"])


def tensors(c):
    d, i, T = c["width"], c["inputs"], c["steps"]
    if c["kind"] == "attention":
        yield from [("weight_ih_l0", (d, i)), ("weight_hh_l0", (d, d)), ("bias_ih_l0", (d,))]
        if c["scoring"] == "additive":
            yield from [("attention.query.weight", (d, d)), ("attention.key.weight", (d, d)), ("attention.score.weight", (1, d))]
        yield from [("combine.weight", (d, 2 * d)), ("combine.bias", (d,))]
    if c["kind"] == "tree":
        g = 5 * d if c["composition"] == "lstm" else d
        yield from [("input.weight", (g, i)), ("input.bias", (g,)), ("left.weight", (g, d)), ("right.weight", (g, d))]
    if c["kind"] == "feedforward":
        copies = () if c["tied"] else (T,)
        yield from [("embedding.weight", (d, T * i)), ("embedding.bias", (d,))]
        yield from [("layers.weight", copies + (d, d)), ("layers.bias", copies + (d,))]
        if c["norm"] == "pre":
            yield from [("norm.weight", copies + (d,)), ("norm.bias", copies + (d,))]
    if c["kind"] == "convolutional":
        C, k = d // i, c["kernel"]
        yield from [("conv_ih.weight", (4 * C, 1, k)), ("conv_ih.bias", (4 * C,)), ("conv_hh.weight", (4 * C, C, k))]
        yield from [("readout.weight", (1, C)), ("readout.bias", (1,))]
        return
    yield from [("readout.weight", (c["outputs"], d)), ("readout.bias", (c["outputs"],))]


def case(seed, c):
    rng = np.random.default_rng(seed)
    T, B, body = c["steps"], c["batch"], dict(attention=attention, tree=tree, feedforward=feedforward, convolutional=convolutional)[c["kind"]]
    p = {}
    for name, shape in tensors(c):
        p[name] = np.round(rng.normal(size=shape) / np.sqrt(shape[-1] if "weight" in name else 3), 6)
        if name == "norm.weight":
            p[name] = np.round(1 + 0.3 * p[name], 6)
    x = np.round(rng.normal(size=(T, B, c["inputs"])), 6)
    squared = c["loss"] == "squared"
    target = np.round(rng.normal(size=(T, B, c["outputs"])), 6) if squared else rng.integers(0, c["outputs"], (T, B))
    mask = (rng.random((T, B)) < (0 if c["kind"] == "tree" else 0.6)).astype(int)
    mask[-1] = 1
    zeros = jnp.zeros((T, B, c["width"]))

    def l(p, on):
        y = readout(c, p, body(c, p, x, on))
        if squared:
            return 0.5 * ((y - target) ** 2).sum(-1)
        return -jnp.take_along_axis(jax.nn.log_softmax(y), target[..., None], -1)[..., 0]

    p = {k: jnp.asarray(v) for k, v in p.items()}
    objective, gradient = jax.jit(jax.value_and_grad(lambda p: (l(p, zeros) * mask).sum() / mask.sum()))(p)
    rows = np.flatnonzero(mask[:, 0])
    slopes = jax.jit(jax.jacrev(lambda on: l(p, on)[rows, 0]))(zeros)
    flat = lambda d: [float(v) for name, _ in tensors(c) for v in np.asarray(d[name]).ravel()]
    return dict(
        c, parameters=flat(p), x=x.ravel().tolist(), mask=mask.ravel().tolist(), target=target.ravel().tolist(),
        objective=float(objective), gradient=flat(gradient),
        flow=[np.asarray(jnp.sqrt((slopes[:, :, 0] ** 2).sum(-1))).ravel().tolist()])


def settings(name, kind, steps, batch, inputs, width, outputs, loss, **more):
    base = dict(scoring="dot", tree="balanced", composition="plain", tied=False, residual=True, norm="none", activation="tanh",
                positions="none", layers=1, heads=1, expansion=1)
    return dict(base, name=name, kind=kind, steps=steps, batch=batch, inputs=inputs, width=width, outputs=outputs, loss=loss, **more)


cases = [
    settings("dot", "attention", 9, 2, 3, 5, 3, "cross_entropy"),
    settings("dot, long", "attention", 40, 1, 2, 8, 2, "squared"),
    settings("additive", "attention", 8, 3, 3, 6, 2, "cross_entropy", scoring="additive"),
    settings("additive, sigmoid", "attention", 5, 1, 2, 3, 2, "squared", scoring="additive", activation="sigmoid"),
    settings("balanced", "tree", 8, 2, 3, 5, 3, "cross_entropy"),
    settings("balanced, odd", "tree", 11, 3, 2, 4, 2, "squared"),
    settings("balanced lstm", "tree", 13, 2, 3, 5, 2, "cross_entropy", composition="lstm"),
    settings("chain", "tree", 7, 2, 3, 4, 2, "squared", tree="chain"),
    settings("chain lstm", "tree", 6, 1, 2, 5, 3, "cross_entropy", tree="chain", composition="lstm"),
    settings("two leaves", "tree", 2, 2, 2, 3, 2, "squared"),
    settings("plain", "feedforward", 9, 2, 1, 5, 3, "cross_entropy", residual=False),
    settings("plain tied", "feedforward", 7, 3, 2, 4, 2, "squared", residual=False, tied=True, activation="sigmoid"),
    settings("residual", "feedforward", 8, 2, 2, 6, 3, "cross_entropy"),
    settings("residual pre-norm", "feedforward", 6, 3, 2, 5, 2, "squared", norm="pre", activation="relu"),
    settings("pre-norm tied", "feedforward", 5, 2, 1, 8, 2, "cross_entropy", norm="pre", tied=True),
    settings("pre-norm plain", "feedforward", 5, 1, 1, 8, 2, "cross_entropy", norm="pre", residual=False),
    settings("frames", "convolutional", 6, 2, 5, 15, 5, "squared", kernel=3),
    settings("frames, wide kernel", "convolutional", 9, 1, 4, 8, 4, "squared", kernel=5),
    settings("frames, cells alone", "convolutional", 5, 3, 7, 7, 7, "squared", kernel=1),
    settings("frames by classes", "convolutional", 7, 2, 6, 12, 6, "cross_entropy", kernel=3),
    settings("wide kernel by classes", "convolutional", 12, 1, 8, 16, 8, "cross_entropy", kernel=5),
    settings("kernel wider than frames", "convolutional", 4, 2, 3, 12, 3, "cross_entropy", kernel=7),
]
# Every option with both losses at three sizes.
OPTIONS = [
    ("attention", {}), ("attention", dict(scoring="additive")), ("tree", {}), ("tree", dict(composition="lstm")),
    ("tree", dict(tree="chain")), ("tree", dict(tree="chain", composition="lstm")), ("feedforward", dict(residual=False)),
    ("feedforward", {}), ("feedforward", dict(norm="pre")), ("feedforward", dict(tied=True)), ("convolutional", dict(kernel=3)),
    ("convolutional", dict(kernel=5)),
]
for kind, more in OPTIONS:
    for loss in ["cross_entropy", "squared"]:
        for T, B, size in [(4, 1, 3), (6, 2, 4), (10, 1, 5)]:
            width, outputs = (2 * size, size) if kind == "convolutional" else (size + 1, 3)
            inputs = size if kind == "convolutional" else 2
            name = f"{' '.join(str(v) for v in more.values()) or kind} {loss} T={T} H={width}"
            cases.append(settings(name, kind, T, B, inputs, width, outputs, loss, **more))
print(json.dumps([case(k + 1, c) for k, c in enumerate(cases)]))
