"""A projected and a bidirectional LSTM of PyTorch, their weights as people save them and a pass of each, in float64.

    python3 make_directions.py FOLDER

torch_{name}.safetensors is the state_dict; torch_{name}_pass.safetensors has x, class targets, and by PyTorch's own autograd h of
the top layer, the loss and the gradients under PyTorch's names.
"""
import pathlib, sys

import torch
from safetensors.torch import save_file
from torch import nn

T, B, I, H, P, O = 7, 2, 3, 5, 2, 3
torch.set_default_dtype(torch.float64)
folder = pathlib.Path(sys.argv[1])


class Model(nn.Module):
    def __init__(self, lstm, width):
        super().__init__()
        self.lstm, self.fc = lstm, nn.Linear(width, O)


for seed, (name, model) in enumerate({
    "projected": lambda: Model(nn.LSTM(I, H, 2, proj_size=P), P),
    "bidirectional": lambda: Model(nn.LSTM(I, H, 2, bidirectional=True), 2 * H),
}.items()):
    torch.manual_seed(seed)
    model = model()
    x, target = torch.randn(T, B, I), torch.randint(0, O, (T, B))
    h, _ = model.lstm(x)
    loss = nn.functional.cross_entropy(model.fc(h).reshape(-1, O), target.reshape(-1))
    loss.backward()
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, folder / f"torch_{name}.safetensors")
    gradients = {f"grad.{k}": v.grad for k, v in model.named_parameters()}
    numbers = {"x": x, "target": target, "h": h.detach(), "loss": loss.detach().reshape(1)}
    save_file(numbers | gradients, folder / f"torch_{name}_pass.safetensors")
