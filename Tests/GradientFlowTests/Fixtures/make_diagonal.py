"""Forward values, gradients and flow of cells without recurrent weights and of LSTM's options, by JAX and PyTorch (float64),
each written from the equations with its own library's automatic derivatives; the two are held against each other to 1e-12.

usage: python make_diagonal.py > diagonal.json      (needs: pip install "jax[cpu]" torch numpy)
"""
import json, sys

import jax, jax.numpy as jnp, numpy as np, torch

jax.config.update("jax_enable_x64", True)
torch.set_default_dtype(torch.float64)
SIZES = [(4, 2, 3, 4, 1), (6, 2, 2, 6, 2), (9, 1, 4, 8, 1)]  # T, B, I, H, layers
O = 3
# The options of the network group that a case sets.
KINDS = {
    "min_gru": {}, "min_lstm": {}, "lru": {}, "lru zoh": {"discretization": "zoh"},
    "lstm peephole": {"peephole": "true"}, "coupled_lstm": {}, "coupled_lstm peephole": {"peephole": "true"},
    "elman initial": {"learned_initial_state": "true"}, "lstm initial": {"learned_initial_state": "true"},
    "lru initial": {"learned_initial_state": "true"},
    "elman delays": {"delays": "1,3"}, "elman clockwork": {"periods": "1,2"},
    "elman delays clockwork initial": {"delays": "1,2,3", "periods": "2,3", "learned_initial_state": "true"},
    "lstm projected": {"projection": "2"}, "lstm projected initial": {"projection": "3", "learned_initial_state": "true"},
    "lru direct": {"direct_input": "true"}, "lru zoh direct": {"discretization": "zoh", "direct_input": "true"},
}
GATES = {"min_gru": 2, "min_lstm": 3, "lru": 1, "lstm": 4, "coupled_lstm": 3, "elman": 1}


class Jax:
    sigmoid, tanh, exp, stack = jax.nn.sigmoid, jnp.tanh, jnp.exp, jnp.stack
    cos, sin = jnp.cos, jnp.sin
    cat = staticmethod(lambda parts: jnp.concatenate(parts, -1))
    array = staticmethod(jnp.asarray)
    log_softmax = staticmethod(lambda y: jax.nn.log_softmax(y, -1))


class Torch:
    sigmoid, tanh, exp, stack = torch.sigmoid, torch.tanh, torch.exp, torch.stack
    cos, sin = torch.cos, torch.sin
    cat = staticmethod(lambda parts: torch.cat(parts, -1))
    array = staticmethod(torch.as_tensor)
    log_softmax = staticmethod(lambda y: torch.log_softmax(y, -1))


def numbers(options, name):
    """The numbers of a list among the options."""
    return [int(number) for number in options[name].split(",")] if name in options else []


def step(m, kind, options, p, l, state, x, t):
    """One step of layer l, t counted from 1: the new state's components, h first."""
    H = state[-1].shape[-1]
    a = x @ p[f"weight_ih_l{l}"].T
    if f"bias_ih_l{l}" in p:
        a = a + p[f"bias_ih_l{l}"]
    gate = lambda k: a[..., k * H : (k + 1) * H]
    if kind == "min_gru":
        z = m.sigmoid(gate(0))
        return [(1 - z) * state[0] + z * gate(1)]
    if kind == "min_lstm":
        f, i = m.sigmoid(gate(0)), m.sigmoid(gate(1))
        return [f / (f + i) * state[0] + i / (f + i) * gate(2)]
    if kind == "elman":
        periods = numbers(options, "periods")
        blocks = np.arange(H) // (H // max(1, len(periods)))
        connected = m.array((blocks[None, :] >= blocks[:, None]).astype(float) if periods else np.ones((H, H)))
        a = a + state[0] @ (connected * p[f"weight_hh_l{l}"]).T
        for d in numbers(options, "delays")[1:]:
            a = a + state[d - 1] @ (connected * p[f"weight_hh_d{d}_l{l}"]).T
        turn = m.array(np.array([t % periods[b] == 0 for b in blocks], float) if periods else np.ones(H))
        return [turn * m.tanh(a) + (1 - turn) * state[0]] + state[:-1]
    if kind in ("lstm", "coupled_lstm"):
        a = a + state[0] @ p[f"weight_hh_l{l}"].T
        first = 0 if kind == "coupled_lstm" else 1
        see = lambda name, c: p[f"weight_c{name}_l{l}"] * c if options.get("peephole") else 0.0
        f = m.sigmoid(gate(first) + see("f", state[1]))
        i = 1 - f if kind == "coupled_lstm" else m.sigmoid(gate(0) + see("i", state[1]))
        c = f * state[1] + i * m.tanh(gate(first + 1))
        h = m.sigmoid(gate(first + 2) + see("o", c)) * m.tanh(c)
        return [h @ p[f"weight_hr_l{l}"].T if f"weight_hr_l{l}" in p else h, c]
    if kind == "lru":
        n = H // 2
        if options.get("discretization") == "zoh":
            dt, re, im = m.exp(p[f"log_dt_l{l}"]), -m.exp(p[f"log_A_real_l{l}"]), p[f"A_imag_l{l}"]
            lam = (m.exp(dt * re) * m.cos(dt * im), m.exp(dt * re) * m.sin(dt * im))
            square = re**2 + im**2
            gam = (((lam[0] - 1) * re + lam[1] * im) / square, (lam[1] * re - (lam[0] - 1) * im) / square)
        else:
            size, angle = m.exp(-m.exp(p[f"nu_log_l{l}"])), m.exp(p[f"theta_log_l{l}"])
            lam, gam = (size * m.cos(angle), size * m.sin(angle)), (m.exp(p[f"gamma_log_l{l}"]), 0.0)
        hr, hi, ar, ai = state[0][..., :n], state[0][..., n:], a[..., :n], a[..., n:]
        re = lam[0] * hr - lam[1] * hi + gam[0] * ar - gam[1] * ai
        im = lam[0] * hi + lam[1] * hr + gam[0] * ai + gam[1] * ar
        return [m.cat([re, im])]


def run(m, kind, options, layers, loss, reduction, p, eps, x, target, mask, state):
    s, hs = [[m.array(c) for c in layer] for layer in state], []
    if options.get("learned_initial_state"):
        H = state[0][-1].shape[-1]
        s = [[0 * c + p[f"initial_state_l{l}"][k * H : k * H + c.shape[-1]] for k, c in enumerate(s[l])] for l in range(layers)]
    for t in range(len(x)):
        below = m.array(x[t])
        for l in range(layers):
            s[l] = step(m, kind, options, p, l, s[l], below, t + 1)
            if l == layers - 1:
                s[l] = [s[l][0] + eps[t]] + s[l][1:]
            below = s[l][0]
        hs.append(below)
    h = m.stack(hs)
    y = h @ p["readout.weight"].T + p["readout.bias"]
    if options.get("direct_input"):
        y = y + m.array(x) @ p["readout.direct"].T
    if loss == "cross_entropy":
        losses = -(m.log_softmax(y) * m.array(np.eye(O)[target])).sum(-1)
    else:
        losses = 0.5 * ((y - m.array(target)) ** 2).sum(-1)
    kept = losses * m.array(mask.astype(float))
    return kept.sum() if reduction == "sum" else kept.sum() / mask.sum(), h, losses


def case(seed, name, loss, size, reduction):
    T, B, I, H, layers = size
    kind, options = name.split()[0], KINDS[name]
    P = int(options.get("projection", H))
    rng = np.random.default_rng(seed)
    draw = lambda *shape: np.round(rng.normal(size=shape) * 0.7, 6)
    p = {}
    for l in range(layers):
        G = GATES[kind]
        p[f"weight_ih_l{l}"] = draw(G * H, I if l == 0 else P)
        if kind == "lru":
            n = H // 2
            if options.get("discretization") == "zoh":
                p[f"log_dt_l{l}"], p[f"log_A_real_l{l}"], p[f"A_imag_l{l}"] = draw(n) - 1, draw(n) - 0.7, 3 * draw(n)
            else:
                p[f"nu_log_l{l}"], p[f"theta_log_l{l}"], p[f"gamma_log_l{l}"] = draw(n) - 2, draw(n), draw(n) - 0.5
        else:
            p[f"bias_ih_l{l}"] = draw(G * H)
        if kind in ("lstm", "coupled_lstm", "elman"):
            p[f"weight_hh_l{l}"] = draw(G * H, P)
            if P < H:
                p[f"weight_hr_l{l}"] = draw(P, H)
            for d in numbers(options, "delays")[1:]:
                p[f"weight_hh_d{d}_l{l}"] = draw(H, H)
            if options.get("peephole"):
                for gate in "fo" if kind == "coupled_lstm" else "foi":
                    p[f"weight_c{gate}_l{l}"] = draw(H)
    # Small, so that no probability is so near 1 that log_softmax loses its digits.
    p["readout.weight"], p["readout.bias"] = np.round(draw(O, P) * 0.3, 6), draw(O)
    if options.get("direct_input"):
        p["readout.direct"] = draw(O, I)
    parts = 2 if kind in ("lstm", "coupled_lstm") else max(numbers(options, "delays") + [1])
    for l in range(layers if "learned_initial_state" in options else 0):
        p[f"initial_state_l{l}"] = draw(parts * H)
    x, state = draw(T, B, I), [[draw(B, P if k == 0 else H) for k in range(parts)] for _ in range(layers)]
    mask = (rng.random((T, B)) < 0.8).astype(int)
    mask[-1] = 1
    target = rng.integers(0, O, (T, B)) if loss == "cross_entropy" else draw(T, B, O)
    fixed = (x, target, mask, state)

    def by_jax(p, eps):
        total, h, losses = run(Jax, kind, options, layers, loss, reduction, p, eps, *fixed)
        return total, (h, losses)

    first, zero = {k: jnp.asarray(v) for k, v in p.items()}, jnp.zeros((T, B, P))
    (total, (h, losses)), (g, ge) = jax.value_and_grad(by_jax, (0, 1), has_aux=True)(first, zero)
    rows = jax.jacrev(lambda eps: by_jax(first, eps)[1][1][:, 0])(zero)[:, :, 0]
    flow = np.log10(np.linalg.norm(rows, axis=-1), where=np.tril(np.ones((T, T))) > 0, out=np.full((T, T), -np.inf))

    second = {k: torch.tensor(v, requires_grad=True) for k, v in p.items()}
    eps = torch.zeros(T, B, P, requires_grad=True)
    again, _, _ = run(Torch, kind, options, layers, loss, reduction, second, eps, *fixed)
    again.backward()
    if options == {"projection": "2"}:  # PyTorch's own module
        module = torch.nn.LSTM(I, H, layers, proj_size=P)
        with torch.no_grad():
            for key, value in module.named_parameters():
                value.copy_(torch.zeros_like(value) if key.startswith("bias_hh") else torch.tensor(p[key]))
            first_state = tuple(torch.tensor(np.stack([v[k] for v in state])) for k in range(2))
            theirs, _ = module(torch.tensor(x), first_state)
        assert np.abs(np.asarray(h) - theirs.numpy()).max() < 1e-12, name
    for key, value in [("h", (ge, eps.grad))] + [(k, (g[k], second[k].grad)) for k in p]:
        worst = np.abs(np.asarray(value[0]) - value[1].numpy()).max() / max(1e-30, np.abs(np.asarray(value[0])).max())
        assert worst < 1e-12, (name, key, worst)

    flat = lambda a: [float(f"{v:.15g}") for v in np.asarray(a, float).ravel()]
    return dict(
        cell=kind, options=options, loss=loss, layers=layers, hidden=H, inputs=I, steps=T, batch=B, reduction=reduction,
        x=flat(x), mask=mask.ravel().tolist(), target=flat(target), state=[flat(np.stack([np.pad(c, ((0, 0), (0, H - c.shape[-1]))) for c in v])) for v in state],
        parameters={k: flat(v) for k, v in p.items()}, h=flat(h), losses=flat(losses), objective=float(total),
        gradient={k: flat(v) for k, v in g.items()}, gradientH=flat(ge),
        flow=[flat(flow[i, : i + 1]) for i in range(T)])


cases = [
    case(100 * k + 10 * s + n, name, loss, size, ["mean", "sum"][(s + n) % 2])
    for k, name in enumerate(KINDS) for s, size in enumerate(SIZES)
    for n, loss in enumerate(["cross_entropy", "squared"])
]
print(json.dumps(cases, separators=(",", ":")))
print(f"{len(cases)} cases agree", file=sys.stderr)
