"""Writes optimizers.json and training.json with PyTorch in float64: python3 make_fixtures.py, in this folder.

optimizers.json: parameters after each of six steps of PyTorch's optimisers on given gradients.
training.json: an Elman network trained by truncated backpropagation through time, written out with autograd: windows
and carried states by hand, clipping, optimiser; the loss, the gradient's norm and the weights.
"""
import json

import torch

torch.set_default_dtype(torch.float64)


def numbers(t):
    return [float(v) for v in torch.as_tensor(t).reshape(-1)]


def optimizers():
    torch.manual_seed(3)
    start = torch.randn(5)
    gradients = [torch.randn(5) * 10.0 ** (i - 3) for i in range(6)]
    cases = []
    for name, make in {
        "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
        "momentum": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
        "adam": lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.8, 0.95), eps=1e-6),
    }.items():
        p = torch.nn.Parameter(start.clone())
        optimizer, after = make([p]), []
        for g in gradients:
            p.grad = g.clone()
            optimizer.step()
            after.append(numbers(p.detach()))
        cases.append({"name": name, "after": after})
    return {"start": numbers(start), "gradients": [numbers(g) for g in gradients], "cases": cases}


def windows(n, k1, k2, inject):
    last = 0
    for t in sorted(set(range(k1, n + 1, k1)) | {n}):
        start = max(0, t - k2)
        injected = {"newest": range(max(last, start), t), "last": range(t - 1, t), "window": range(start, t)}[inject]
        yield last, start, t, injected
        last = t


def train(case, x, target, weights, n, B, H, sequences):
    p = {k: torch.nn.Parameter(v.clone()) for k, v in weights.items()}
    opt = {
        "sgd": lambda: torch.optim.SGD(p.values(), lr=case["rate"]),
        "momentum": lambda: torch.optim.SGD(p.values(), lr=case["rate"], momentum=0.8),
        "adam": lambda: torch.optim.Adam(p.values(), lr=case["rate"]),
    }[case["optimizer"]]()
    phi = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "sin": torch.sin}[case["activation"]]

    def forward(h, steps):
        hs = []
        for t in steps:
            h = phi(x[t] @ p["weight_ih_l0"].T + h @ p["weight_hh_l0"].T + p["bias_ih_l0"])
            hs.append(h)
        return hs

    losses, norms, scales = [], [], []
    for _ in range(sequences):
        stored = {0: torch.zeros(B, H)}
        for last, start, t, injected in windows(n, case["k1"], case["k2"], case["inject"]):
            if start > last:  # steps that no window trains
                with torch.no_grad():
                    for s, h in zip(range(last, start), forward(stored[last], range(last, start))):
                        stored[s + 1] = h
            hs = forward(stored[start].detach(), range(start, t))
            for s, h in zip(range(start, t), hs):
                stored[s + 1] = h.detach()
            terms = []
            for s in injected:
                y = hs[s - start] @ p["readout.weight"].T + p["readout.bias"]
                terms.append(torch.nn.functional.cross_entropy(y, target[s], reduction="none"))
            terms = torch.stack(terms)
            loss = terms.mean() if case["reduction"] == "mean" else terms.sum()
            opt.zero_grad()
            loss.backward()
            norm = torch.sqrt(sum((q.grad**2).sum() for q in p.values()))
            if case["clip"] == "norm":
                for q in p.values():
                    q.grad *= min(1.0, float(case["threshold"] / norm))
            if case["clip"] == "value":
                torch.nn.utils.clip_grad_value_(p.values(), case["threshold"])
            after = torch.sqrt(sum((q.grad**2).sum() for q in p.values()))
            opt.step()
            losses.append(float(loss.detach()))
            norms.append(float(norm.detach()))
            scales.append(float(after / norm))
    return losses, norms, scales, sum((numbers(p[k].detach()) for k in weights), [])


def training():
    torch.manual_seed(5)
    n, B, H, I, O, sequences = 7, 2, 3, 2, 3, 3
    x = torch.randn(n, B, I)
    target = torch.randint(0, O, (n, B))
    shapes = {"weight_ih_l0": (H, I), "weight_hh_l0": (H, H), "bias_ih_l0": (H,), "readout.weight": (O, H), "readout.bias": (O,)}
    weights = {k: torch.randn(s) for k, s in shapes.items()}
    common = {"activation": "tanh", "reduction": "mean", "optimizer": "sgd", "rate": 0.3, "clip": "none", "threshold": 1.0}
    cases = [
        {"k1": 7, "k2": 7, "inject": "newest"},
        {"k1": 3, "k2": 5, "inject": "newest", "optimizer": "momentum", "clip": "norm", "threshold": 0.4, "rate": 0.1},
        {"k1": 3, "k2": 5, "inject": "window", "optimizer": "adam", "reduction": "sum", "rate": 0.02},
        {"k1": 3, "k2": 5, "inject": "last", "activation": "sin"},
        {"k1": 1, "k2": 7, "inject": "newest", "activation": "sigmoid"},
        {"k1": 4, "k2": 2, "inject": "newest", "clip": "value", "threshold": 0.05},
        {"k1": 4, "k2": 1, "inject": "newest", "optimizer": "adam", "clip": "value", "threshold": 0.1},
        {"k1": 1, "k2": 3, "inject": "window", "optimizer": "momentum", "reduction": "sum", "clip": "norm", "rate": 0.05},
        {"k1": 3, "k2": 3, "inject": "newest", "clip": "norm", "threshold": 0.3},
    ]
    for case in cases:
        for key, value in common.items():
            case.setdefault(key, value)
        case["losses"], case["norms"], case["scales"], case["weights"] = train(case, x, target, weights, n, B, H, sequences)
    return {
        "steps": n, "batch": B, "hidden": H, "inputs": I, "outputs": O, "x": numbers(x),
        "target": [int(v) for v in target.reshape(-1)], "weights": sum((numbers(v) for v in weights.values()), []),
        "cases": cases,
    }


for name, content in (("optimizers", optimizers()), ("training", training())):
    with open(f"{name}.json", "w") as file:
        json.dump(content, file, indent=0)
        file.write("\n")
