"""Writes optimizers.json, schedules.json and training.json with PyTorch in float64: python3 make_fixtures.py, in this folder.

optimizers.json: parameters after each of six steps of PyTorch's optimizers on given gradients.
schedules.json: learning rates by PyTorch's schedulers.
training.json: an Elman network trained by truncated backpropagation through time, written out with autograd: windows
and carried states by hand, clipping, optimizer; the loss, the gradient's norm and the weights.
"""
import json

import torch

torch.set_default_dtype(torch.float64)


def numbers(t):
    return [float(v) for v in torch.as_tensor(t).reshape(-1)]


# PyTorch's optimizers by our names; `settings` are its own keywords.
OPTIMIZERS = {
    "sgd": torch.optim.SGD,
    "momentum": torch.optim.SGD,
    "nesterov": lambda p, **settings: torch.optim.SGD(p, nesterov=True, **settings),
    "rmsprop": torch.optim.RMSprop,
    "adagrad": torch.optim.Adagrad,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
}


def optimizers():
    torch.manual_seed(3)
    start = torch.randn(5)
    gradients = [torch.randn(5) * 10.0 ** (i - 3) for i in range(6)]
    cases = []
    for name, settings in [
        ("sgd", {"lr": 0.1}),
        ("sgd", {"lr": 0.1, "weight_decay": 0.3}),
        ("momentum", {"lr": 0.05, "momentum": 0.9}),
        ("momentum", {"lr": 0.05, "momentum": 0.7, "weight_decay": 0.2}),
        ("nesterov", {"lr": 0.05, "momentum": 0.9}),
        ("nesterov", {"lr": 0.05, "momentum": 0.6, "weight_decay": 0.2}),
        ("rmsprop", {"lr": 0.02}),
        ("rmsprop", {"lr": 0.02, "alpha": 0.8, "eps": 1e-3, "weight_decay": 0.4}),
        ("adagrad", {"lr": 0.3}),
        ("adagrad", {"lr": 0.3, "eps": 1e-2, "weight_decay": 0.4}),
        ("adam", {"lr": 0.01}),
        ("adam", {"lr": 0.01, "betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": 0.3}),
        ("adamw", {"lr": 0.01}),
        ("adamw", {"lr": 0.05, "betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": 0.3}),
    ]:
        p = torch.nn.Parameter(start.clone())
        optimizer, after = OPTIMIZERS[name]([p], **settings), []
        for g in gradients:
            p.grad = g.clone()
            optimizer.step()
            after.append(numbers(p.detach()))
        # Only what is given is written: the rest are PyTorch's defaults, and are to be ours.
        given = {{"lr": "learning_rate", "eps": "epsilon"}.get(k, k): v for k, v in settings.items() if k != "betas"}
        given |= dict(zip(("beta1", "beta2"), settings.get("betas", ())))
        cases.append({"name": name, "settings": given, "after": after})
    return {"start": numbers(start), "gradients": [numbers(g) for g in gradients], "cases": cases}


def schedules():
    """The learning rates of the first 60 updates, by PyTorch's schedulers; the base is 1."""
    cases = []
    for warmup in (0, 7):
        for kind, settings in [
            ("constant", {}),
            ("step", {"every": 10, "factor": 0.3}),
            ("exponential", {"every": 10, "factor": 0.3}),
            ("exponential", {"every": 1, "factor": 0.97}),
            ("cosine", {"updates": 40, "final": 0.0}),
            ("cosine", {"updates": 25, "final": 0.1}),
        ]:
            optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
            every, factor = settings.get("every", 1), settings.get("factor", 1.0)
            S = torch.optim.lr_scheduler
            after = {
                "constant": lambda: S.ConstantLR(optimizer, factor=1.0),
                "step": lambda: S.StepLR(optimizer, every, factor),
                "exponential": lambda: S.ExponentialLR(optimizer, factor ** (1 / every)),
                "cosine": lambda: S.CosineAnnealingLR(optimizer, settings["updates"], settings["final"]),
            }[kind]()
            if warmup:
                rise = S.LinearLR(optimizer, 1 / (warmup + 1), 1.0, warmup)
                after = S.SequentialLR(optimizer, [rise, after], [warmup])
            # CosineAnnealingLR climbs again behind its end; ours stays there.
            count = min(60, warmup + settings.get("updates", 60) + 1)
            rates = []
            for _ in range(count):
                rates.append(optimizer.param_groups[0]["lr"])
                optimizer.step()
                after.step()
            cases.append({"settings": {"kind": kind, "warmup": warmup} | settings, "rates": rates})
    return {"cases": cases}


def windows(n, k1, k2, inject):
    last = 0
    for t in sorted(set(range(k1, n + 1, k1)) | {n}):
        start = max(0, t - k2)
        injected = {"newest": range(max(last, start), t), "last": range(t - 1, t), "window": range(start, t)}[inject]
        yield last, start, t, injected
        last = t


def train(case, x, target, weights, n, B, H, sequences):
    p = {k: torch.nn.Parameter(v.clone()) for k, v in weights.items()}
    settings = {"momentum": {"momentum": 0.8}, "nesterov": {"momentum": 0.8}}.get(case["optimizer"], {})
    opt = OPTIMIZERS[case["optimizer"]](p.values(), lr=case["rate"], weight_decay=case["decay"], **settings)
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
            scale = float(after / norm)
            if case["clip"] == "weight":
                with torch.no_grad():
                    before = torch.sqrt(sum((q**2).sum() for q in p.values()))
                    for q in p.values():
                        q.clamp_(-case["threshold"], case["threshold"])
                    scale = float(torch.sqrt(sum((q**2).sum() for q in p.values())) / before)
            losses.append(float(loss.detach()))
            norms.append(float(norm.detach()))
            scales.append(scale)
    return losses, norms, scales, sum((numbers(p[k].detach()) for k in weights), [])


def training():
    torch.manual_seed(5)
    n, B, H, I, O, sequences = 7, 2, 3, 2, 3, 3
    x = torch.randn(n, B, I)
    target = torch.randint(0, O, (n, B))
    shapes = {"weight_ih_l0": (H, I), "weight_hh_l0": (H, H), "bias_ih_l0": (H,), "readout.weight": (O, H), "readout.bias": (O,)}
    weights = {k: torch.randn(s) for k, s in shapes.items()}
    common = {"activation": "tanh", "reduction": "mean", "optimizer": "sgd", "rate": 0.3, "decay": 0.0, "clip": "none",
              "threshold": 1.0}
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
        {"k1": 3, "k2": 5, "inject": "newest", "optimizer": "nesterov", "clip": "weight", "threshold": 0.9, "rate": 0.1},
        {"k1": 3, "k2": 5, "inject": "newest", "optimizer": "rmsprop", "decay": 0.2, "rate": 0.01},
        {"k1": 3, "k2": 5, "inject": "newest", "optimizer": "adagrad", "decay": 0.1, "clip": "norm", "rate": 0.1},
        {"k1": 3, "k2": 5, "inject": "newest", "optimizer": "adamw", "decay": 0.3, "rate": 0.05},
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


for name, content in (("optimizers", optimizers()), ("schedules", schedules()), ("training", training())):
    with open(f"{name}.json", "w") as file:
        json.dump(content, file, indent=0)
        file.write("\n")
