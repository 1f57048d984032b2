"""Carries weights between PyTorch and bpttop, and holds the one's gradients against the other's.

    python3 bpttop_weights.py make lstm FOLDER          weights.safetensors of a torch.nn.LSTM, data.safetensors
    python3 bpttop_weights.py compare TRACE             a trace of bpttop's against PyTorch: states, losses, gradients
    python3 bpttop_weights.py load CHECKPOINT           a checkpoint of bpttop's as a torch module (a state_dict, strictly)
    python3 bpttop_weights.py circle BPTTOP             all of it there and back, RNN, LSTM and GRU, one and two layers
    python3 bpttop_weights.py fixtures FOLDER           what the package's tests hold it against

needs: pip install torch safetensors numpy

As a module: `Network` is the torch module, `save` and `load` its weights' way to bpttop and back.
"""
import argparse, json, pathlib, subprocess, sys, tempfile

import torch
from safetensors import safe_open
from safetensors.torch import save_file

MODULES = {"elman": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}


class Network(torch.nn.Module):
    """Stacked recurrent layers with a linear readout of the top layer's h_t, as bpttop has them."""

    def __init__(self, cell, inputs, hidden, outputs, layers=1, activation="tanh", dtype=torch.float64):
        super().__init__()
        if cell not in MODULES:
            sys.exit(f"PyTorch has no cell {cell!r}, only {', '.join(MODULES)}")
        if cell == "elman" and activation not in ("tanh", "relu"):
            sys.exit(f"torch.nn.RNN has no activation {activation!r}, only tanh and relu")
        options = {"nonlinearity": activation} if cell == "elman" else {}
        self.cell = cell
        self.rnn = MODULES[cell](inputs, hidden, num_layers=layers, dtype=dtype, **options)
        self.readout = torch.nn.Linear(hidden, outputs, dtype=dtype)

    def forward(self, x, state):
        """x [T,B,I], state as torch's modules take it -> the state after every step, y [T,B,O]."""
        states = []
        for t in range(len(x)):  # step by step: the gradient by h_t comes by all paths, now and later
            _, state = self.rnn(x[t : t + 1], state)
            states.append(state)
        return states, self.readout(torch.stack([self.h(state)[-1] for state in states]))

    def h(self, state):
        """h of every layer [L,B,H]."""
        return state[0] if self.cell == "lstm" else state

    def weights(self):
        """The weights under the names that bpttop reads and writes, which are PyTorch's of the two modules."""
        return dict(self.rnn.state_dict()) | {f"readout.{k}": v for k, v in self.readout.state_dict().items()}

    def gradients(self):
        return {name.removeprefix("rnn."): p.grad for name, p in self.named_parameters()}


def save(network, path):
    """Writes the weights for `bpttop --weights`."""
    save_file({k: v.detach().contiguous() for k, v in network.weights().items()}, path)


def load(path):
    """(module, metadata) of a checkpoint or trace written by bpttop; every weight must be there, and no other."""
    meta, tensors = read(path)
    weights = {k: v for k, v in tensors.items() if k.startswith(("weight_", "bias_", "readout."))}
    if "weight_ih_l0" not in weights:
        sys.exit(f"{path}: no weights of a torch module: {', '.join(sorted(weights))}")
    layers = sum(name.startswith("weight_hh_l") for name in weights)
    first, readout = weights["weight_ih_l0"], weights["readout.weight"]
    network = Network(
        meta["cell"], first.shape[1], readout.shape[1], readout.shape[0], layers, meta["activation"], first.dtype)
    network.rnn.load_state_dict({k: v for k, v in weights.items() if not k.startswith("readout.")}, strict=True)
    network.readout.load_state_dict(
        {k.removeprefix("readout."): v for k, v in weights.items() if k.startswith("readout.")}, strict=True)
    return network, meta


def read(path):
    with safe_open(path, framework="pt") as file:
        return file.metadata() or {}, {k: file.get_tensor(k) for k in file.keys()}


def trace(network, data, loss, reduction):
    """What `bpttop trace` writes of the same pass, by PyTorch.

    data: x [T,B,I]; target [T,B] classes or [T,B,O]; target_mask and mask [T,B]: where there is a target, and where its
    loss is injected; state0_l{l} [parts,B,H].
    """
    parts = [torch.stack(part) for part in zip(*(data[f"state0_l{l}"] for l in range(network.rnn.num_layers)))]
    states, y = network(data["x"], tuple(parts) if network.cell == "lstm" else parts[0])
    for state in states:
        network.h(state).retain_grad()
    if loss == "cross_entropy":
        losses = torch.nn.functional.cross_entropy(y.flatten(0, 1), data["target"].flatten(), reduction="none")
        losses = losses.view(data["target"].shape)
    else:
        losses = 0.5 * ((y - data["target"]) ** 2).sum(-1)
    losses = losses * data["target_mask"]
    objective = (losses * data["mask"]).sum() / (data["mask"].sum() if reduction == "mean" else 1)
    network.zero_grad()
    objective.backward()
    found = {
        "h": torch.stack([network.h(s)[-1] for s in states]), "loss": losses,
        "grad_h": torch.stack([network.h(s).grad[-1] for s in states]),
    } | {f"grad.{k}": v for k, v in network.gradients().items()}
    return {k: v.detach().contiguous() for k, v in found.items()}


def compare(path, tolerance=1e-12):
    """Whether a trace of bpttop's is PyTorch's; prints each quantity's largest error, relative to its largest number."""
    network, meta = load(path)
    ours, right = read(path)[1], True
    for name, want in trace(network, ours, meta["loss"], meta["reduction"]).items():
        error = ((ours[name] - want).abs().max() / want.abs().max().clamp_min(1e-300)).item()
        right = right and error <= tolerance
        print(f"{'ok   ' if error <= tolerance else 'WRONG'} {name:24s} {error:.1e}")
    return right


def example(cell, layers, loss, seed=0, inputs=3, hidden=4, outputs=3, steps=6, batch=2):
    """(module, data) drawn from a seed, in double precision; some steps have no target, some losses are not injected."""
    torch.manual_seed(seed)
    network = Network(cell, inputs, hidden, outputs, layers)
    normal = lambda *shape: torch.randn(*shape, dtype=torch.float64)
    target = torch.randint(outputs, (steps, batch)) if loss == "cross_entropy" else normal(steps, batch, outputs)
    has_target = (torch.rand(steps, batch) < 0.8).double()
    has_target[-1] = 1
    injected = (torch.arange(steps) >= steps // 2).double()[:, None]
    data = {"x": normal(steps, batch, inputs), "target": target, "target_mask": has_target, "mask": has_target * injected}
    parts = 2 if cell == "lstm" else 1
    return network, data | {f"state0_l{l}": 0.5 * normal(parts, batch, hidden) for l in range(layers)}


def make(cell, folder, layers, loss, seed):
    """Weights and data for bpttop's --weights and --data; the command that reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    network, data = example(cell, layers, loss, seed, steps=20)
    save(network, folder / "weights.safetensors")
    save_file({k: data[k] for k in ("x", "target", "target_mask")}, folder / "data.safetensors")
    sets = {"network.cell": cell, "network.layers": layers, "network.hidden": network.rnn.hidden_size}
    files = ["--weights", folder / "weights.safetensors", "--data", folder / "data.safetensors"]
    return [str(w) for w in files] + [w for k, v in sets.items() for w in ("--set", f"{k}={v}")]


def circle(bpttop):
    """PyTorch's weights to bpttop, its pass against PyTorch's, and its trained weights back."""
    right = True
    for cell in MODULES:
        for layers, loss in (1, "squared"), (2, "cross_entropy"):
            folder = pathlib.Path(tempfile.mkdtemp())
            options = make(cell, folder, layers, loss, seed=layers)
            for updates, k1, k2 in (0, "full", "full"), (3, 5, 8):
                print(f"-- {cell}, layers {layers}, {loss}, after {updates} updates, k1 {k1}, k2 {k2}")
                options += ["--set", f"training.k1={k1}", "--set", f"training.k2={k2}", "--updates", str(updates)]
                subprocess.run([bpttop, "trace", *options, "-o", folder / "trace.safetensors"], check=True)
                right = compare(folder / "trace.safetensors") and right
            sizes = ["--set", f"network.cell={cell}", "--set", f"network.layers={layers}", "--set", "network.hidden=4"]
            subprocess.run(
                [bpttop, "train", *sizes, "--updates", "2", "--checkpoint", folder / "checkpoint.safetensors"], check=True)
            print("back:", load(folder / "checkpoint.safetensors")[0])
    return right


def fixtures(folder):
    """torch_{cell}_{layers}.safetensors: weights, data and PyTorch's pass, in a trace's tensors."""
    for cell in MODULES:
        for layers, loss, reduction in (1, "squared", "sum"), (2, "cross_entropy", "mean"):
            network, data = example(cell, layers, loss, seed=10 * layers)
            tensors = network.weights() | data | trace(network, data, loss, reduction)
            meta = {
                "cell": cell, "cell_options": json.dumps({}), "activation": "tanh", "layers": str(layers), "loss": loss,
                "reduction": reduction,
            }
            save_file(tensors, folder / f"torch_{cell}_{layers}.safetensors", metadata=meta)


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = args.add_subparsers(dest="command", required=True)
    command = commands.add_parser("make")
    command.add_argument("cell", choices=MODULES)
    command.add_argument("folder", type=pathlib.Path)
    command.add_argument("--layers", type=int, default=1)
    command.add_argument("--loss", choices=["cross_entropy", "squared"], default="cross_entropy")
    command.add_argument("--seed", type=int, default=0)
    command = commands.add_parser("compare")
    command.add_argument("trace")
    command.add_argument("--tolerance", type=float, default=1e-12)
    commands.add_parser("load").add_argument("checkpoint")
    commands.add_parser("circle").add_argument("bpttop")
    commands.add_parser("fixtures").add_argument("folder", type=pathlib.Path)
    args = args.parse_args()
    match args.command:
        case "make":
            print("bpttop trace", *make(args.cell, args.folder, args.layers, args.loss, args.seed), "-o trace.safetensors")
        case "compare":
            sys.exit(0 if compare(args.trace, args.tolerance) else 1)
        case "load":
            network, meta = load(args.checkpoint)
            print(network, f"after {meta['update']} updates", sep="\n")
        case "circle":
            sys.exit(0 if circle(args.bpttop) else 1)
        case "fixtures":
            fixtures(args.folder)


if __name__ == "__main__":
    main()
