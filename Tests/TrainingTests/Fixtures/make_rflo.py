"""Writes rflo.json with numpy in float64: python3 make_rflo.py, in this folder.

Random feedback local online learning (Murray 2019) written out from its equations, with the readout's weights as feedback:
  a_t = W_ih x_t + W_hh h_{t-1} + b;  h_t = (1-beta) h_{t-1} + beta tanh(a_t);  y_t = W_ho h_t + b_o
  B_ij <- (1-beta) B_ij + beta tanh'(a_i) input_j;  dL/dW_ij = sum_t (W_ho^T (y_t - d_t))_i B_ij
at fixed weights; an update every k1 steps has the losses since the last one.
"""
import json

import numpy as np

random = np.random.default_rng(7)
N, I, O, T, BATCH = 4, 3, 2, 11, 2


def case(beta, k1):
    w_ih, w_hh, b = random.normal(size=(N, I)), random.normal(size=(N, N)) * 0.6, random.normal(size=N) * 0.3
    w_ho, b_o = random.normal(size=(O, N)), random.normal(size=O)
    x, d = random.normal(size=(T, BATCH, I)), random.normal(size=(T, BATCH, O))
    h = np.zeros((BATCH, N))
    traces = [np.zeros((BATCH, N, k)) for k in (I, N, 1)]
    zeros = lambda: [np.zeros_like(w) for w in (w_ih, w_hh, b, w_ho, b_o)]
    gradient, gradients = zeros(), []
    for t in range(T):
        a = x[t] @ w_ih.T + h @ w_hh.T + b
        slope = beta * (1 - np.tanh(a) ** 2)
        for trace, source in zip(traces, (x[t], h, np.ones((BATCH, 1)))):
            trace *= 1 - beta
            trace += slope[:, :, None] * source[:, None, :]
        h = (1 - beta) * h + beta * np.tanh(a)
        e = h @ w_ho.T + b_o - d[t]
        learning = e @ w_ho
        for index, trace in enumerate(traces):
            gradient[index] += (learning[:, :, None] * trace).sum(0).reshape(gradient[index].shape)
        gradient[3] += e.T @ h
        gradient[4] += e.sum(0)
        if (t + 1) % k1 == 0 or t + 1 == T:
            gradients.append(np.concatenate([g.ravel() for g in gradient]).tolist())
            gradient = zeros()
    parameters = np.concatenate([w.ravel() for w in (w_ih, w_hh, b, w_ho, b_o)])
    return {
        "beta": beta, "k1": k1, "hidden": N, "inputs": I, "outputs": O, "steps": T, "batch": BATCH,
        "parameters": parameters.tolist(), "x": x.ravel().tolist(), "target": d.ravel().tolist(),
        "gradients": gradients,
    }


with open("rflo.json", "w") as file:
    json.dump([case(0.3, 4), case(1.0, 1), case(0.75, T)], file, indent=1)
    file.write("\n")
