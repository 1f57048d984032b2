"""Median milliseconds of one instrumented update of a linear recurrent unit, for JAX (jit) and PyTorch (eager), one thread:
`bpttop bench lru`, which is 128 complex units (hidden: 256), 32 inputs and outputs, 1,000 steps, 16 sequences, float32.

One update = forward, softmax cross-entropy at every step, full backpropagation through time, the norm of the gradient that arrives
at every hidden state, clipping by the global norm, one step of SGD.

usage: python peers_lru.py [jax] [torch]     (needs: pip install "jax[cpu]" torch)
"""
import os, sys, time

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
N, I, O, T, B = 128, 32, 32, 1000, 16


def median_ms(step, warmup=3, runs=15):
    for _ in range(warmup):
        step()
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2] * 1e3


def jax_rows():
    import jax, jax.numpy as jnp

    k = jax.random.split(jax.random.PRNGKey(0), 7)
    size2 = jax.random.uniform(k[0], (N,))
    p = dict(
        nu=jnp.log(-0.5 * jnp.log(size2)), theta=jnp.log(6.28 * jax.random.uniform(k[1], (N,))),
        gamma=0.5 * jnp.log1p(-size2), Bre=jax.random.normal(k[2], (I, N)) / (2 * I) ** 0.5,
        Bim=jax.random.normal(k[3], (I, N)) / (2 * I) ** 0.5, Cre=jax.random.normal(k[4], (N, O)) / N**0.5,
        Cim=jax.random.normal(k[5], (N, O)) / N**0.5, c=jnp.zeros(O))
    x = jax.random.normal(k[6], (T, B, I))
    y = jax.random.randint(k[0], (T, B), 0, O)

    def states_by_scan(lam, u):
        def body(h, ut):
            h = lam * h + ut
            return h, h
        return jax.lax.scan(body, jnp.zeros((B, N), jnp.complex64), u)[1]

    def states_by_associative_scan(lam, u):
        join = lambda a, b: (a[0] * b[0], b[0] * a[1] + b[1])
        return jax.lax.associative_scan(join, (jnp.broadcast_to(lam, u.shape), u))[1]

    def pairs(lam, u):
        # The same in real numbers, which XLA vectorizes better.
        lr, li = lam.real, lam.imag
        def body(h, ut):
            hr, hi = h
            h = (lr * hr - li * hi + ut[0], lr * hi + li * hr + ut[1])
            return h, h
        zero = jnp.zeros((B, N))
        hr, hi = jax.lax.scan(body, (zero, zero), (u.real, u.imag))[1]
        return hr + 1j * hi

    def build(states):
        def losses(p, eps):
            lam = jnp.exp(-jnp.exp(p["nu"]) + 1j * jnp.exp(p["theta"]))
            u = jnp.exp(p["gamma"]) * (x @ p["Bre"] + 1j * (x @ p["Bim"])) + eps[0] + 1j * eps[1]
            h = states(lam, u)
            logits = h.real @ p["Cre"] - h.imag @ p["Cim"] + p["c"]
            return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[..., None], -1).mean()

        @jax.jit
        def update(p):
            zero = jnp.zeros((T, B, N))
            # What is added to the step's input is added to its state.
            g, ge = jax.grad(losses, (0, 1))(p, (zero, zero))
            norm = jnp.sqrt(sum(jnp.sum(v * v) for v in g.values()))
            return {n: p[n] - 1e-3 * jnp.minimum(1.0, 1.0 / norm) * g[n] for n in p}, jnp.sqrt(
                (ge[0] ** 2 + ge[1] ** 2).sum((1, 2)))

        return update

    for name, states in [
        ("lax.scan", states_by_scan), ("lax.scan of real pairs", pairs), ("associative_scan", states_by_associative_scan),
    ]:
        update = build(states)
        print(f"lru jax {name} {median_ms(lambda: jax.block_until_ready(update(p))):.2f}", flush=True)


def torch_rows():
    import math, torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    size2 = torch.rand(N)
    draw = lambda *shape: torch.randn(*shape)
    p = [
        torch.log(-0.5 * torch.log(size2)), torch.log(6.28 * torch.rand(N)), 0.5 * torch.log1p(-size2),
        draw(I, N) / math.sqrt(2 * I), draw(I, N) / math.sqrt(2 * I), draw(N, O) / math.sqrt(N), draw(N, O) / math.sqrt(N),
        torch.zeros(O),
    ]
    for v in p:
        v.requires_grad_()
    opt = torch.optim.SGD(p, lr=1e-3)
    x, y = torch.randn(T, B, I), torch.randint(O, (T * B,))

    def step_by_step(lam, u):
        h, hs = torch.zeros(B, N, dtype=torch.complex64), []
        for t in range(T):
            h = lam * h + u[t]
            hs.append(h)
        return torch.stack(hs)

    def doubling(lam, u):
        # In log2 T rounds: h_t gains λ^k h_{t-k}, k = 1, 2, 4, ...
        k, power = 1, lam
        while k < T:
            u = torch.cat([u[:k], u[k:] + power * u[:-k]])
            power, k = power * power, 2 * k
        return u

    def build(states):
        def update():
            opt.zero_grad()
            nu, theta, gamma, Bre, Bim, Cre, Cim, c = p
            lam = torch.exp(torch.complex(-torch.exp(nu), torch.exp(theta)))
            u = torch.exp(gamma) * torch.complex(x @ Bre, x @ Bim)
            u.retain_grad()
            h = states(lam, u)
            logits = h.real @ Cre - h.imag @ Cim + c
            torch.nn.functional.cross_entropy(logits.reshape(-1, O), y).backward()
            torch.nn.utils.clip_grad_norm_(p, 1.0)
            u.grad.abs().square().sum((1, 2)).sqrt()
            opt.step()
        return update

    for name, states in [("step by step", step_by_step), ("doubling", doubling)]:
        print(f"lru torch {name} {median_ms(build(states), 1, 5):.2f}", flush=True)


if __name__ == "__main__":
    for peer in sys.argv[1:] or ["jax", "torch"]:
        {"jax": jax_rows, "torch": torch_rows}[peer]()
