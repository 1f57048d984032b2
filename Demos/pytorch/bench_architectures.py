"""The rows of `bpttop bench transformer tree bidirectional projected` in PyTorch and JAX, on one thread, float32.

usage: OMP_NUM_THREADS=1 python bench_architectures.py [transformer|tree|bidirectional|projected] ...
      (needs: pip install torch "jax[cpu]" numpy)

An update is forward, backward, clipping by the norm and SGD, as `bpttop` makes it. The median of the runs is printed.
"""
import os, sys, time
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
import numpy as np, torch, jax, jax.numpy as jnp

torch.set_num_threads(1)
T, B, D, H, M, I, O = 100, 16, 64, 4, 256, 8, 8


def median(f, runs):
    for _ in range(5):
        f()
    times = []
    for _ in range(runs):
        start = time.process_time()
        f()
        times.append(time.process_time() - start)
    return 1e3 * float(np.median(times))


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.readout = torch.nn.Linear(I, D), torch.nn.Linear(D, O)
        self.layer = torch.nn.TransformerEncoderLayer(D, H, M, dropout=0, activation=torch.relu, norm_first=True, batch_first=True)
        self.norm = torch.nn.LayerNorm(D)

    def forward(self, x, mask):
        return self.readout(self.norm(self.layer(self.embedding(x), src_mask=mask, is_causal=True)))


def torch_block():
    model, x, y = Block(), torch.randn(B, T, I), torch.randint(O, (B, T))
    mask, sgd = torch.full((T, T), -torch.inf).triu(1), torch.optim.SGD(model.parameters(), 1e-3)

    def step():
        sgd.zero_grad()
        torch.nn.functional.cross_entropy(model(x, mask).flatten(0, 1), y.flatten()).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        sgd.step()

    return step


def normed(x, p):
    x = x - x.mean(-1, keepdims=True)
    return p[0] * x / jnp.sqrt((x**2).mean(-1, keepdims=True) + 1e-5) + p[1]


def sgd(loss):
    @jax.jit
    def step(p, *data):
        g = jax.grad(loss)(p, *data)
        norm = jnp.sqrt(sum((a**2).sum() for a in jax.tree.leaves(g)))
        return jax.tree.map(lambda w, a: w - 1e-3 * jnp.minimum(1, 1 / norm) * a, p, g)

    return step


def updates(loss, p, *data):
    step, state = sgd(loss), [p]

    def run():
        state[0] = step(state[0], *data)
        jax.block_until_ready(state[0])

    return run


def draw(rng, *shape):
    return jnp.asarray(rng.normal(size=shape) / np.sqrt(shape[-1]), jnp.float32)


def jax_block():
    rng = np.random.default_rng(1)
    lin = lambda o, i: (draw(rng, o, i), jnp.zeros(o, jnp.float32))
    ones = lambda: (jnp.ones(D, jnp.float32), jnp.zeros(D, jnp.float32))
    p = dict(e=lin(D, I), qkv=lin(3 * D, D), o=lin(D, D), a=lin(M, D), b=lin(D, M), r=lin(O, D), n1=ones(), n2=ones(), n3=ones())
    x, y = draw(rng, B, T, I), jnp.asarray(rng.integers(0, O, (B, T)))
    f = lambda x, p: x @ p[0].T + p[1]
    causal = np.tril(np.ones((T, T), bool))

    def loss(p, x, y):
        x = f(x, p["e"])
        q, k, v = (a.reshape(B, T, H, D // H) for a in jnp.split(f(normed(x, p["n1"]), p["qkv"]), 3, -1))
        s = jnp.where(causal, jnp.einsum("bthw,bshw->bhts", q, k) / np.sqrt(D // H), -jnp.inf)
        x = x + f(jnp.einsum("bhts,bshw->bthw", jax.nn.softmax(s), v).reshape(B, T, D), p["o"])
        x = x + f(jax.nn.relu(f(normed(x, p["n2"]), p["a"])), p["b"])
        z = jax.nn.log_softmax(f(normed(x, p["n3"]), p["r"]))
        return -jnp.take_along_axis(z, y[..., None], -1).mean()

    return updates(loss, p, x, y)


def tree_levels(n):
    return int(np.log2(n))


def jax_tree(n=256, d=128):
    rng = np.random.default_rng(2)
    p = dict(w=(draw(rng, d, I), jnp.zeros(d, jnp.float32)), l=draw(rng, d, d), r=draw(rng, d, d), o=(draw(rng, O, d), jnp.zeros(O, jnp.float32)))
    x, y = draw(rng, n, B, I), jnp.asarray(rng.integers(0, O, B))

    def loss(p, x, y):
        own = x @ p["w"][0].T + p["w"][1]
        h, width = jnp.tanh(own), 1
        for _ in range(tree_levels(n)):
            gaps = own[width - 1::2 * width]
            h = jnp.tanh(gaps + h[0::2] @ p["l"].T + h[1::2] @ p["r"].T)
            width *= 2
        z = jax.nn.log_softmax(h[0] @ p["o"][0].T + p["o"][1])
        return -jnp.take_along_axis(z, y[:, None], -1).mean()

    return updates(loss, p, x, y)


def torch_tree(n=256, d=128):
    w, o = torch.nn.Linear(I, d), torch.nn.Linear(d, O)
    l, r = torch.nn.Linear(d, d, bias=False), torch.nn.Linear(d, d, bias=False)
    parameters = [a for m in (w, o, l, r) for a in m.parameters()]
    x, y, optimizer = torch.randn(n, B, I), torch.randint(O, (B,)), torch.optim.SGD(parameters, 1e-3)

    def step():
        optimizer.zero_grad()
        own = w(x)
        h, width = torch.tanh(own), 1
        for _ in range(tree_levels(n)):
            h = torch.tanh(own[width - 1::2 * width] + l(h[0::2]) + r(h[1::2]))
            width *= 2
        torch.nn.functional.cross_entropy(o(h[0]), y).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()

    return step


def torch_lstm(hidden, **options):
    """An LSTM of PyTorch's own with a class at every step."""
    lstm = torch.nn.LSTM(I, hidden, **options)
    o = torch.nn.Linear(options.get("proj_size", hidden) * (2 if options.get("bidirectional") else 1), O)
    parameters = [*lstm.parameters(), *o.parameters()]
    x, y, optimizer = torch.randn(T, B, I), torch.randint(O, (T, B)), torch.optim.SGD(parameters, 1e-3)

    def step():
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(o(lstm(x)[0]).flatten(0, 1), y.flatten()).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()

    return step


def jax_scan(cell, p, x, outputs):
    y = jnp.asarray(np.random.default_rng(3).integers(0, outputs, x.shape[:2]))

    def loss(p, x, y):
        z = jax.nn.log_softmax(cell(p, x) @ p["o"].T + p["ob"])
        return -jnp.take_along_axis(z, y[..., None], -1).mean()

    return updates(loss, p, x, y)


def scan_lstm(x, w, u, b, r=None, reverse=False):
    """h of an LSTM at every step, projected by r."""
    hidden, width = u.shape[0] // 4, u.shape[1]

    def body(s, a):
        i, f, g, o = jnp.split(a + s[0] @ u.T, 4, -1)
        c = jax.nn.sigmoid(f) * s[1] + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        h = h if r is None else h @ r.T
        return (h, c), h

    zero = jnp.zeros((x.shape[1], width), jnp.float32), jnp.zeros((x.shape[1], hidden), jnp.float32)
    return jax.lax.scan(body, zero, x @ w.T + b, reverse=reverse)[1]


def jax_bidirectional(h=64):
    rng = np.random.default_rng(4)
    p = {k + s: v for s in "fb" for k, v in dict(w=draw(rng, 4 * h, I), u=draw(rng, 4 * h, h), b=jnp.zeros(4 * h, jnp.float32)).items()}
    p |= dict(o=draw(rng, O, 2 * h), ob=jnp.zeros(O, jnp.float32))
    both = lambda p, x: jnp.concatenate([scan_lstm(x, p["wf"], p["uf"], p["bf"]), scan_lstm(x, p["wb"], p["ub"], p["bb"], reverse=True)], -1)
    return jax_scan(both, p, draw(rng, T, B, I), O)


def jax_projected(h=128, width=64):
    rng = np.random.default_rng(5)
    p = dict(w=draw(rng, 4 * h, I), u=draw(rng, 4 * h, width), b=jnp.zeros(4 * h, jnp.float32), r=draw(rng, width, h), o=draw(rng, O, width), ob=jnp.zeros(O, jnp.float32))
    return jax_scan(lambda p, x: scan_lstm(x, p["w"], p["u"], p["b"], p["r"]), p, draw(rng, T, B, I), O)


PEERS = {
    "transformer": [("torch", torch_block), ("jax", jax_block)],
    "tree": [("torch", torch_tree), ("jax", jax_tree)],
    "bidirectional": [("torch", lambda: torch_lstm(64, bidirectional=True)), ("jax", jax_bidirectional)],
    "projected": [("torch", lambda: torch_lstm(128, proj_size=64)), ("jax", jax_projected)],
}
for workload in sys.argv[1:] or PEERS:
    for peer, make in PEERS[workload]:
        print(f"{workload + ' ' + peer:20} {median(make(), 60):8.3f} ms", flush=True)
