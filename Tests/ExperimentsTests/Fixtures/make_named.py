"""Weights as PyTorch's modules name them in people's models, each with a pass of the model itself.

    python3 make_named.py FOLDER

named_{model}.safetensors is what `save_file(model.state_dict())` gives; named_{model}_pass.safetensors has x, target, and by
PyTorch's own autograd h of the top layer, loss and the gradients, under bpttop's names (of an embedding's network, of W_ih E^T).
"""
import pathlib, sys

import torch
from safetensors.torch import save_file
from torch import nn

T, B, I, H, O, V = 6, 2, 3, 4, 2, 5


class Cells(nn.Module):
    """Cells in a loop, one a layer."""

    def __init__(self, cells, head):
        super().__init__()
        self.cells, self.head = nn.ModuleList(cells), head

    def forward(self, x):
        states, tops = [None] * len(self.cells), []
        for step in x:
            for layer, cell in enumerate(self.cells):
                states[layer] = cell(step, states[layer])
                step = states[layer][0] if isinstance(states[layer], tuple) else states[layer]
            tops.append(step)
        return torch.stack(tops), self.head(torch.stack(tops))


class OneCell(nn.Module):
    """An LSTMCell in a loop."""

    def __init__(self):
        super().__init__()
        self.cell, self.fc = nn.LSTMCell(I, H), nn.Linear(H, O)

    def forward(self, x):
        state, tops = None, []
        for step in x:
            state = self.cell(step, state)
            tops.append(state[0])
        return torch.stack(tops), self.fc(torch.stack(tops))


class Model(nn.Module):
    """A recurrent module called `name` under a readout called `head`."""

    def __init__(self, name, rnn, head):
        super().__init__()
        self.rnn_name, self.head_name = name, head
        setattr(self, name, rnn)
        setattr(self, head, nn.Linear(H, O))

    def forward(self, x):
        h, _ = getattr(self, self.rnn_name)(x)
        return h, getattr(self, self.head_name)(h)


class Embedded(nn.Module):
    """Symbols, their vectors, an LSTM, a decoder."""

    def __init__(self):
        super().__init__()
        self.embedding, self.lstm, self.decoder = nn.Embedding(V, I), nn.LSTM(I, H), nn.Linear(H, V)

    def forward(self, x):
        h, _ = self.lstm(x @ self.embedding.weight)
        return h, self.decoder(h)


def wrapped(model, prefix):
    return {prefix + k: v for k, v in model.state_dict().items()}


def main(folder):
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(3)
    models = {
        "lstmcell": (OneCell(), ""),
        "grucells": (Cells([nn.GRUCell(I, H), nn.GRUCell(H, H)], nn.Linear(H, O)), ""),
        "wrapped": (Model("rnn", nn.GRU(I, H, num_layers=2), "head"), "module.encoder."),
        "compiled": (Model("rnn", nn.RNN(I, H, nonlinearity="relu", bias=False), "linear"), "_orig_mod."),
        "embedding": (Embedded(), ""),
        "bare": (nn.LSTM(I, H), ""),
    }
    for name, (model, prefix) in models.items():
        generator = torch.Generator().manual_seed(7)
        if name == "embedding":
            x = torch.nn.functional.one_hot(torch.randint(V, (T, B), generator=generator), V).double()
            target = torch.randint(V, (T, B), generator=generator)
        else:
            x = torch.randn(T, B, I, generator=generator)
            target = torch.randn(T, B, O, generator=generator)
        h, y = model(x) if name != "bare" else (model(x)[0],) * 2
        h.retain_grad()
        if name == "embedding":
            loss = nn.functional.cross_entropy(y.flatten(0, 1), target.flatten(), reduction="none").view(T, B)
        elif name == "bare":
            loss = (h**2).sum(-1)
        else:
            loss = 0.5 * ((y - target) ** 2).sum(-1)
        loss.mean().backward()
        found = {"x": x, "target": target, "h": h.detach().contiguous()}
        if name != "bare":
            found["loss"] = loss.detach().contiguous()
            for parameter, value in model.named_parameters():
                found["grad." + ours(parameter)] = value.grad.contiguous()
            if name == "embedding":
                # By W_ih E^T: column v is the sum over the places with symbol v, which the embedding's gradient has as W_ih^T of it.
                del found["grad.weight_ih_l0"]
                found.pop("grad.embedding.weight")
        save_file({k: v.detach().contiguous() for k, v in wrapped(model, prefix).items()}, folder / f"named_{name}.safetensors")
        save_file(found, folder / f"named_{name}_pass.safetensors")


def ours(name):
    """bpttop's name of one of the parameters above."""
    words = name.split(".")
    last = words[-1]
    if last.startswith(("weight_", "bias_")):
        if "_l" in last:
            return last
        layer = words[1] if words[0] == "cells" else "0"
        return f"{last}_l{layer}"
    return f"embedding.{last}" if words[0] == "embedding" else f"readout.{last}"


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
