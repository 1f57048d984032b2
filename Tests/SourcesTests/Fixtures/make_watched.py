"""Windows that Demos/pytorch/bpttop_watch.py publishes of small modules, and dL/dh_t as autograd gives it on an unrolled copy.

    python3 make_watched.py                 writes the windows beside itself; needs torch and safetensors

Every window is held in the Swift tests against `norms.json`: log10 of the norm of dL/dh_t over batch and units, by layer and step.
"""
import json, math, pathlib, sys

import torch
from torch import nn

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2] / "Demos/pytorch"))
import bpttop_watch

LENGTHS = [1, 2, 5, 13, 40]
CELLS = {"rnn": nn.RNN, "relu": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}


def publish(module, name, run):
    """One update of `run(module)`, which gives a loss; the window that is published of it."""
    folder = HERE / "scratch"
    watch = bpttop_watch.attach(module, folder, every=1, share=1)
    loss = run(module)
    module.zero_grad()
    loss.backward()
    watch.step(loss=loss)
    watch.close()
    (folder / "window-000000000.safetensors").replace(HERE / f"{name}.safetensors")
    for path in folder.glob("*"):
        path.unlink()
    folder.rmdir()


def unrolled_norms(module, x, state, head):
    """log10 ||dL/dh_t|| by layer and step: h_t of every layer is a leaf of its own graph, layer by layer, step by step."""
    layers, T = module.num_layers, x.shape[0]
    cell = {nn.RNN: nn.RNNCell, nn.LSTM: nn.LSTMCell, nn.GRU: nn.GRUCell}[type(module)]
    options = {"nonlinearity": module.nonlinearity} if cell is nn.RNNCell else {}
    cells = []
    for l in range(layers):
        c = cell(module.input_size if l == 0 else module.hidden_size, module.hidden_size, bias=module.bias, dtype=x.dtype, **options)
        with torch.no_grad():
            for kind in ("weight_ih", "weight_hh") + (("bias_ih", "bias_hh") if module.bias else ()):
                getattr(c, kind).copy_(getattr(module, f"{kind}_l{l}"))
        cells.append(c)
    parts = state if isinstance(state, tuple) else (state,)
    now = [tuple(p[l] for p in parts) for l in range(layers)]
    kept = [[] for _ in range(layers)]
    outputs = []
    for t in range(T):
        below = x[t]
        for l in range(layers):
            result = cells[l](below, now[l] if len(parts) > 1 else now[l][0])
            now[l] = result if isinstance(result, tuple) else (result,)
            h = now[l][0]
            h.retain_grad()
            kept[l].append(h)
            below = h
        outputs.append(below)
    head(torch.stack(outputs)).backward()
    norm = lambda h: 0.0 if h.grad is None else float(h.grad.double().norm())
    return [[math.log10(norm(h)) if norm(h) > 0 else None for h in layer] for layer in kept]


def main():
    norms = {}
    for name, module_class in CELLS.items():
        for layers in (1, 2):
            for T in LENGTHS:
                dtype = torch.float64 if T != 13 else torch.float32
                torch.manual_seed(100 * layers + T)
                options = {"nonlinearity": "relu"} if name == "relu" else {}
                module = module_class(3, 4, num_layers=layers, dtype=dtype, bias=T != 5, **options)
                x = torch.randn(T, 2, 3, dtype=dtype)
                state = 0.3 * torch.randn(layers, 2, 4, dtype=dtype)
                state = (state, 0.5 * state) if name == "lstm" else state
                readout = nn.Linear(4, 2, dtype=dtype)
                target = torch.randint(2, (T * 2,))
                # With something on the module that mixes the steps, as attention does.
                head = lambda out: nn.functional.cross_entropy(readout(out + 0.3 * out.mean(0)).flatten(0, 1), target)
                key = f"{name}_{layers}_{T}"
                publish(module, key, lambda m: head(m(x, state)[0]))
                norms[key] = unrolled_norms(module, x, state, head)
    odd(norms)
    (HERE / "norms.json").write_text(json.dumps(norms) + "\n")


def odd(norms):
    """The ways in which modules are called: what each window must give is that of the plain call."""
    torch.manual_seed(7)
    dtype = torch.float64
    x = torch.randn(6, 3, 3, dtype=dtype)
    weights = torch.randn(6, 3, 4, dtype=dtype)
    lengths = torch.tensor([4, 6, 2])
    mask = (torch.arange(6)[:, None] < lengths).to(dtype)[..., None]

    lstm = nn.LSTM(3, 4, dtype=dtype)
    zeros = (torch.zeros(1, 3, 4, dtype=dtype), torch.zeros(1, 3, 4, dtype=dtype))
    head = lambda out: (weights * out).sum()
    masked = lambda out: (weights * mask * out).sum()
    publish(lstm, "odd_plain", lambda m: head(m(x)[0]))
    norms["odd_plain"] = unrolled_norms(lstm, x, zeros, head)

    first = nn.LSTM(3, 4, batch_first=True, dtype=dtype)
    first.load_state_dict(lstm.state_dict())
    publish(first, "odd_batch_first", lambda m: head(m(x.transpose(0, 1))[0].transpose(0, 1)))
    norms["odd_batch_first"] = norms["odd_plain"]

    def packed(m):
        out, _ = m(nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False))
        return masked(nn.utils.rnn.pad_packed_sequence(out)[0])

    publish(lstm, "odd_packed", packed)
    norms["odd_packed"] = unrolled_norms(lstm, x, zeros, masked)

    # The last state alone, as a classifier takes it: of packed sequences each has its own last step.
    def last(m):
        _, (h, _) = m(nn.utils.rnn.pack_padded_sequence(x, lengths, enforce_sorted=False))
        return (weights[0] * h[-1]).sum()

    publish(lstm, "odd_last", last)
    norms["odd_last"] = unrolled_norms(
        lstm, x, zeros, lambda out: (weights[0] * out[lengths - 1, torch.arange(3)]).sum())

    cell = nn.LSTMCell(3, 4, dtype=dtype)
    cell.load_state_dict({k[:-3]: v for k, v in lstm.state_dict().items()})

    def loop(m):
        h, c = torch.zeros(3, 4, dtype=dtype), torch.zeros(3, 4, dtype=dtype)
        out = []
        for step in x:
            h, c = m(step, (h, c))
            out.append(h)
        return head(torch.stack(out))

    publish(cell, "odd_cell", loop)
    norms["odd_cell"] = norms["odd_plain"]

    # One step a call, the state handed on: how decoders are written.
    def steps(m):
        state, out = None, []
        for step in x:
            y, state = m(step[None], state)
            out.append(y)
        return head(torch.cat(out))

    publish(lstm, "odd_steps", steps)
    norms["odd_steps"] = norms["odd_plain"]

    both = nn.LSTM(3, 4, bidirectional=True, dtype=dtype)
    with torch.no_grad():
        for n, p in lstm.named_parameters():
            getattr(both, n + "_reverse").copy_(p)
    folder_head = lambda out: (weights * out[..., 4:]).sum()
    watch_reverse(both, x, folder_head)
    norms["odd_reverse"] = unrolled_norms(lstm, x.flip(0), zeros, lambda out: (weights.flip(0) * out).sum())

    # bfloat16 inside, on a CPU.
    half = nn.LSTM(3, 4)
    half.load_state_dict({k: v.float() for k, v in lstm.state_dict().items()})

    def mixed(m):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            out = m(x.float())[0]
        return head(out.double())

    publish(half, "odd_bfloat16", mixed)


def watch_reverse(module, x, head):
    folder = HERE / "scratch"
    watch = bpttop_watch.attach(module, folder, every=1, share=1, direction="reverse")
    loss = head(module(x)[0])
    loss.backward()
    watch.step(loss=loss)
    watch.close()
    (folder / "window-000000000.safetensors").replace(HERE / "odd_reverse.safetensors")
    for path in folder.glob("*"):
        path.unlink()
    folder.rmdir()


main()
