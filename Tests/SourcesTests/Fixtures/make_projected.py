"""Windows that bpttop_watch.py publishes of projected LSTMs, in float64, the state carried from one sequence to the next.

    python3 make_projected.py FOLDER
"""
import pathlib, shutil, sys, tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "Demos/pytorch"))
import torch

import bpttop_watch

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)
for name, options in {"projected_1": {"proj_size": 3}, "projected_2": {"proj_size": 2, "num_layers": 2, "batch_first": True}}.items():
    with tempfile.TemporaryDirectory() as folder:
        module = torch.nn.LSTM(3, 4, **options)
        optimizer = torch.optim.SGD(module.parameters(), 0.1)
        watch, state = bpttop_watch.attach(module, folder + "/run", every=1), None
        state = tuple(torch.randn(options.get("num_layers", 1), 2, n) for n in (options["proj_size"], 4))
        for _ in range(2):
            x = torch.randn((2, 6, 3) if "batch_first" in options else (6, 2, 3))
            y, state = module(x, state)
            loss = y.square().mean() + state[0].sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            watch.step(loss=loss)
            state = tuple(s.detach() for s in state)
        newest = sorted(pathlib.Path(folder, "run").glob("window-*.safetensors"))[-1]
        shutil.copy(newest, pathlib.Path(sys.argv[1], name + ".safetensors"))
