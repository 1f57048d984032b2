"""Fully recurrent networks with targets on some units at some times, by JAX (float64), from Williams & Zipser's equations.

usage: python make_fully_recurrent.py > fully_recurrent.json      (needs: pip install "jax[cpu]" numpy)

y_k(t+1) = f(Σ_l w_kl z_l(t)), z(t) = [y(t); x(t)]; e_k(t) = d_k(t) - y_k(t) for k in T(t), else 0; J = -½ Σ_t Σ_k e_k(t)².
Times run from t0 = 0: y(0) is given, x(0) … x(T-1) lead to y(1) … y(T), which have the targets. ∂J/∂w, and of every unit
and time ε_k(t) = ∂J/∂y_k(t) by all paths and δ_k(t) = ∂J/∂s_k(t).
"""
import json

import jax, jax.numpy as jnp, numpy as np

jax.config.update("jax_enable_x64", True)


def case(seed, f, T, B, n, m, outputs):
    rng = np.random.default_rng(seed)
    draw = lambda *shape: np.round(rng.normal(size=shape), 6)
    w, x, y0, d = draw(n, n + m), draw(T, B, m), draw(B, n) * 0.5, draw(T, B, outputs)
    in_T = (rng.random((T, B, outputs)) < 0.5).astype(int)
    in_T[0] = 0

    def J(w, on_y, on_s):
        y, total, ys, es = jnp.asarray(y0), 0.0, [], []
        for t in range(T):
            s = jnp.concatenate([y, x[t]], -1) @ w.T + on_s[t]
            y = f(s) + on_y[t]
            e = (d[t] - y[:, :outputs]) * in_T[t]
            total = total - 0.5 * (e**2).sum()
            ys.append(y)
            es.append(e)
        return total, (jnp.stack(ys), jnp.stack(es))

    zero = jnp.zeros((T, B, n))
    (total, (y, e)), (g, epsilon, delta) = jax.value_and_grad(J, (0, 1, 2), has_aux=True)(jnp.asarray(w), zero, zero)
    flat = lambda a: np.asarray(a, float).ravel().tolist()
    return dict(
        activation=f.__name__, steps=T, batch=B, units=n, inputs=m, outputs=outputs, weight=flat(w), x=flat(x), state=flat(y0),
        target=flat(d), outputMask=in_T.ravel().tolist(), objective=float(total), y=flat(y), e=flat(e), epsilon=flat(epsilon),
        delta=flat(delta), gradient=flat(g))


cases = [case(1, jax.nn.sigmoid, 6, 1, 3, 2, 2), case(2, jnp.tanh, 9, 3, 5, 2, 5), case(3, jax.nn.sigmoid, 4, 2, 9, 1, 1)]
print(json.dumps(cases))
