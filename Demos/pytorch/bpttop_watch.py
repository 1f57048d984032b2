"""Publishes a PyTorch training loop for `bpttop watch FOLDER`. Copy this file beside your script; it needs torch and safetensors.

    import bpttop_watch
    watch = bpttop_watch.attach(model.lstm, "runs/a", every=20)     # before the loop
    for batch in batches:
        ...                                                         # forward, backward, optimizer.step() as ever
        watch.step(loss=loss)                                       # after each optimizer.step()

Every `every` updates it writes one window: the module's weights as the pass had them, its input sequence, its first state, its
outputs, and dL/d(output) at every step, which is all that comes from readout, attention or whatever else stands on the module. bpttop
makes the pass itself from these. Nothing else of the model is looked at.

torch.nn.RNN (tanh, relu), LSTM, GRU, and RNNCell, LSTMCell, GRUCell in a loop; layers, batch_first, bias=False, packed sequences,
autocast (pass the GradScaler, if you have one), tensors on any device. A bidirectional module of one layer is two networks: `direction`
says which one is published, each in its own time. Refused by name: bidirectional modules of more layers.
"""
import json, os, pathlib, shutil, time, warnings, weakref, atexit

import torch
from safetensors.torch import save
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

MODULES = {"RNN": "elman", "LSTM": "lstm", "GRU": "gru", "RNNCell": "elman", "LSTMCell": "lstm", "GRUCell": "gru"}


def attach(
    module, folder, every=20, *, update=0, optimizer=None, scaler=None, direction="forward", share=0.025, keep_megabytes=256, window_megabytes=32
):
    """Begins to publish `module` in `folder`.

    every             updates from one window to the next
    update            updates that are done already: training is resumed, and the folder goes on
    optimizer         the torch.optim.Optimizer of the loop: its name and its learning rate are told
    scaler            the torch.amp.GradScaler of the loop: the gradients are divided by its scale
    direction         "forward" or "reverse", of a bidirectional module
    share             of the loop's time that it may take: windows are skipped where they would take more
    keep_megabytes    of windows that are kept: beyond, every second one goes, so that they span the run
    window_megabytes  of one window: beyond, only the first sequences of the batch are published, and the window says so

    An older run in `folder` becomes `folder`.before.
    """
    return Watch(module, folder, every, update, optimizer, scaler, direction, share, keep_megabytes, window_megabytes)


class Watch:
    """What `attach` gives."""

    def __init__(self, module, folder, every, update, optimizer, scaler, direction, share, keep_megabytes, window_megabytes):
        self.kind = next((k.__name__ for k in type(module).__mro__ if k.__name__ in MODULES), None)
        _check(module, self.kind, every, direction)
        self.module, self.every, self.update, self.scaler, self.share = module, every, update, scaler, share
        self.optimizer = optimizer
        self.is_cell, self.is_reverse = self.kind.endswith("Cell"), direction == "reverse"
        self.keep, self.most = keep_megabytes * 1e6, window_megabytes * 1e6
        self.folder = _prepare(pathlib.Path(folder), resumes=update > 0)
        self.windows = sorted((int(p.stem.split("-")[1]), p.stat().st_size) for p in self.folder.glob("window-*.safetensors"))
        self.lines = open(self.folder / "scalars.jsonl", "a")
        self.rows, self.flushed, self.said = [], time.monotonic(), set()
        self.began, self.spent, self.cost = time.perf_counter(), 0.0, 0.0
        self.chain, self.continues = None, False
        self.armed = update % every == 0
        self.hooks = [
            module.register_forward_pre_hook(torch.compiler.disable(self._before), with_kwargs=True),
            module.register_forward_hook(torch.compiler.disable(self._after), with_kwargs=True),
        ]
        atexit.register(_flush, weakref.ref(self))

    def step(self, loss=None, *, grad_norm=None, clip=None, clip_scale=None, learning_rate=None, **more):
        """Call it after every update. All numbers are optional, floats or tensors of one element; others than these are kept, too.

        loss           of the update
        grad_norm      of the whole gradient before clipping: what torch.nn.utils.clip_grad_norm_ returns
        clip           the threshold of the norm, where there is one
        clip_scale     what clipping multiplied the gradient by; follows from grad_norm and clip
        learning_rate  of the optimizer
        """
        start = time.perf_counter()
        if learning_rate is None and self.optimizer is not None:
            learning_rate = self.optimizer.param_groups[0]["lr"]
        if clip is not None and grad_norm is not None and clip_scale is None:
            clip_scale = min(1.0, float(clip) / (float(grad_norm) + 1e-6))  # as torch.nn.utils.clip_grad_norm_ has it
        row = {"loss": loss, "grad_norm": grad_norm, "clip": clip, "clip_scale": clip_scale, "learning_rate": learning_rate} | more
        row = {"update": self.update + 1, "time": round(time.time(), 3)} | {k: _later(v) for k, v in row.items() if v is not None}
        if self.armed and self._publish(clip, start):
            row["window"] = self.update
        self.rows.append(row)
        if time.monotonic() - self.flushed > 0.25:
            self._write_rows()
        self.update += 1
        self.chain, self.continues = None, False
        self.armed = self.update % self.every == 0 and self._has_time()
        self.spent += time.perf_counter() - start

    def close(self):
        """Ends the run, which is then said to have ended; without it the last lines are written when the process ends."""
        self.rows.append({"event": "end"})
        self._write_rows()
        self.lines.close()
        for hook in self.hooks:
            hook.remove()
        self.hooks = []

    # The pass

    def _before(self, module, args, kwargs):
        """A state that comes back as it was given is the same pass going on: it gets the tensor that the module itself returned, so
        that the gradient by what was given is what comes from outside alone."""
        self.continues = False
        if not self._is_mine(module) or self.chain is None or not self.armed or not torch.is_grad_enabled():
            return None
        given = kwargs.get("hx", args[1] if len(args) > 1 else None)
        inner = self.chain.inner(given)
        if inner is None:
            return None
        self.continues = True
        if "hx" in kwargs:
            return args, kwargs | {"hx": inner}
        return (args[0], inner), kwargs

    def _is_mine(self, module):
        """A deep copy, as a running mean of the weights is made of, has the hooks too, and other weights; DataParallel's has the same."""
        return module is self.module or getattr(module, "_is_replica", False)

    def _after(self, module, args, kwargs, result):
        if not self._is_mine(module) or not self.armed or not torch.is_grad_enabled() or (self.chain is not None and not self.continues):
            return None
        start = time.perf_counter()
        sequence = kwargs.get("input", args[0] if args else None)
        given = kwargs.get("hx", args[1] if len(args) > 1 else None)
        outputs = result if self.is_cell else result[0]
        values = outputs[0] if isinstance(outputs, (tuple, PackedSequence)) else outputs
        if not values.requires_grad:
            return None
        if self.chain is None:
            self.chain = Chain(self, given)
        result = self.chain.add(sequence, result)
        self.spent += time.perf_counter() - start
        return result

    # The files

    def _has_time(self):
        """Whether another window would keep to the share of the loop's time."""
        return self.spent + self.cost <= self.share * (time.perf_counter() - self.began) or self.share >= 1 or not self.windows

    def _publish(self, clip, start):
        if self.chain is None:
            return self._say("no forward pass of the module under gradients in this update: no window")
        if not self.chain.has_gradient:
            return self._say("no gradient came back to the module in this update: no window")
        try:
            with torch.no_grad():
                tensors, about = self.chain.window(self.is_reverse, self.most)
        except ValueError as problem:
            return self._say(str(problem))
        if self.optimizer is not None:
            about["optimizer"] = type(self.optimizer).__name__.lower()
        about |= {"update": str(self.update), "time": f"{time.time():.3f}"} | ({"clip": str(float(clip))} if clip else {})
        data = save(tensors, metadata=about)
        path = self.folder / f"window-{self.update:09d}.safetensors"
        part = self.folder / f".{path.name}.part"
        part.write_bytes(data)
        os.replace(part, path)
        self.windows.append((self.update, len(data)))
        self._thin()
        # What the next one may take, the capture included: a little slower to fall than to rise.
        self.cost = max(time.perf_counter() - start, 0.9 * self.cost)
        return True

    def _thin(self):
        """Every second window goes, the first and the last ones stay."""
        while sum(size for _, size in self.windows) > self.keep and len(self.windows) > 2:
            gone = self.windows[1:-1:2]
            for update, _ in gone:
                (self.folder / f"window-{update:09d}.safetensors").unlink(missing_ok=True)
            self.windows = [w for w in self.windows if w not in gone]

    def _write_rows(self):
        for row in self.rows:
            self.lines.write(json.dumps({k: v.item() if torch.is_tensor(v) else v for k, v in row.items()}) + "\n")
        self.lines.flush()
        self.rows, self.flushed = [], time.monotonic()

    def _say(self, words):
        if words not in self.said:
            warnings.warn(f"bpttop_watch: update {self.update}: {words}")
        self.said.add(words)
        return False


class Chain:
    """The calls of the module that make one pass: one for a sequence, many for a cell in a loop."""

    def __init__(self, watch, given):
        self.watch, module = watch, watch.module
        suffix = "_reverse" if watch.is_reverse else ""
        layers = 1 if watch.is_cell else module.num_layers
        self.layers, self.hidden = layers, module.hidden_size
        # Of a projected LSTM h has fewer numbers than c.
        self.seen = getattr(module, "proj_size", 0) or self.hidden
        # As they are now: the optimizer will write over them.
        names = [f"{name}_l{layer}" for layer in range(layers) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr")]
        stored = [name[:-3] if watch.is_cell else name + suffix for name in names]
        self.weights = {n: getattr(module, s).detach().clone() for n, s in zip(names, stored) if getattr(module, s, None) is not None}
        self.given = None if given is None else [s.detach().clone() for s in (given if isinstance(given, tuple) else (given,))]
        self.scale = watch.scaler.get_scale() if watch.scaler is not None else 1.0
        self.calls, self.pairs = [], []

    def inner(self, given):
        """The module's own tensors for the states that it was given, if they are those of the last call."""
        given = given if isinstance(given, tuple) else (given,)
        inner = [mine for state in given for theirs, mine in self.pairs if theirs is state]
        if len(inner) != len(given) or not inner:
            return None
        return tuple(inner) if len(inner) > 1 else inner[0]

    def add(self, sequence, result):
        """Takes a call, and gives what the user is to have of it."""
        call = Call(sequence)
        self.calls.append(call)
        outputs, states = (None, result) if self.watch.is_cell else result
        states = states if isinstance(states, tuple) else (states,)
        # Other tensors with the same numbers: what comes back to them does not come from the module's next call.
        theirs = tuple(state.view_as(state) for state in states)
        self.pairs = list(zip(theirs, states))
        if self.watch.is_cell:
            call.listen(theirs[0])
        else:
            call.listen(outputs)
            call.listen_to_state(0, theirs[0])
        if len(theirs) > 1:
            call.listen_to_state(1, theirs[1])
        given = theirs if len(theirs) > 1 else theirs[0]
        return given if self.watch.is_cell else (outputs, given)

    @property
    def has_gradient(self):
        return any(call.gradient is not None or call.state_gradients for call in self.calls)

    def window(self, is_reverse, most):
        """The tensors of the window, and what is to be said of it."""
        watch, module = self.watch, self.watch.module
        wide = torch.float64 if self.calls[0].values.dtype == torch.float64 else torch.float32
        time_first = watch.is_cell or not module.batch_first
        parts = [call.arrays(watch.is_cell, time_first) for call in self.calls]
        x, output, gradient = (torch.cat([part[k] for part in parts]) for k in range(3))
        lengths = parts[0][3] if len(parts) == 1 else None
        (steps, batch), hidden = x.shape[:2], self.seen
        if not watch.is_cell and module.bidirectional:
            half = slice(hidden, 2 * hidden) if is_reverse else slice(0, hidden)
            output, gradient = output[..., half], gradient[..., half]
        lost = self._add_state_gradients(gradient, lengths, is_reverse)
        if is_reverse:
            x, output, gradient = (_reversed(a, lengths) for a in (x, output, gradient))
        # What the whole batch takes, a sequence at a time.
        each = (x[:, 0].numel() + 2 * output[:, 0].numel()) * x.element_size()
        rest = sum(w.numel() * w.element_size() for w in self.weights.values())
        kept = min(batch, int((most - rest) // max(each, 1)))
        if kept < 1:
            raise ValueError(f"a window of one sequence takes {(rest + each) / 1e6:.0f} MB, more than window_megabytes: no windows")
        tensors = {"x": x[:, :kept], "output": output[:, :kept], "grad_output": gradient[:, :kept] / self.scale}
        for layer, state in enumerate(self._states(batch, is_reverse, wide, x.device)):
            tensors[f"state0_l{layer}"] = state[:, :kept]
        tensors |= self.weights
        tensors = {name: _plain(value, wide) for name, value in tensors.items()}
        if lengths is not None:
            tensors["lengths"] = lengths[:kept].to(torch.int64).cpu().contiguous()
        computed = str(self.calls[0].values.dtype).removeprefix("torch.")
        return tensors, self._words(batch, computed) | lost

    def _words(self, batch, computed):
        watch, module = self.watch, self.watch.module
        about = {
            "format": "bpttop-window-1", "module": watch.kind, "cell": MODULES[watch.kind], "layers": str(self.layers),
            "hidden": str(self.hidden), "activation": getattr(module, "nonlinearity", "tanh"), "batch": str(batch), "computed": computed,
        }
        dropout = getattr(module, "dropout", 0.0)
        if dropout and self.layers > 1 and module.training:
            about["dropout"] = str(dropout)
        if self.seen < self.hidden:
            about["projection"] = str(self.seen)
        if getattr(module, "bidirectional", False):
            about["direction"] = "reverse" if watch.is_reverse else "forward"
        return about

    def _states(self, batch, is_reverse, wide, device):
        """The first state of every layer, [parts, B, H]."""
        parts = 2 if MODULES[self.watch.kind] == "lstm" else 1
        if self.given is None:
            return [torch.zeros(parts, batch, self.hidden, dtype=wide, device=device) for _ in range(self.layers)]
        given = [s.reshape(-1, batch, s.shape[-1]) for s in self.given]  # [layers * directions, B, H]
        # Of a projected h zeros behind its own numbers.
        given = [torch.nn.functional.pad(s, (0, self.hidden - s.shape[-1])) for s in given]
        if not self.watch.is_cell and self.watch.module.bidirectional:
            given = [s[1 if is_reverse else 0 :: 2] for s in given]
        return [torch.stack([s[layer] for s in given]) for layer in range(self.layers)]

    def _add_state_gradients(self, gradient, lengths, is_reverse):
        """What comes back to the last h of the top layer comes back to its last output. What comes back to other states is not in
        the window: how much it is is said."""
        lost, batch = 0.0, gradient.shape[1]
        end = 0
        for call in self.calls:
            end += call.steps(self.watch.is_cell, self.watch.is_cell or not self.watch.module.batch_first)
            for part, by_state in call.state_gradients.items():
                by_state = by_state.reshape(-1, batch, self.seen if part == 0 else self.hidden).to(gradient.dtype)
                if not self.watch.is_cell and self.watch.module.bidirectional:
                    by_state = by_state[1 if is_reverse else 0 :: 2]
                if part == 0:
                    if is_reverse:
                        gradient[0] += by_state[-1]
                    elif lengths is not None:
                        gradient[lengths.to(gradient.device) - 1, torch.arange(batch, device=gradient.device)] += by_state[-1]
                    else:
                        gradient[end - 1] += by_state[-1]
                    by_state = by_state[:-1]
                lost += float(by_state.cpu().double().square().sum())  # not every device has float64
        if lost == 0:
            return {}
        return {"left_out": f"{lost ** 0.5 / self.scale:.3g}"}


class Call:
    """One call of the module: its input, its output, and what comes back to them."""

    def __init__(self, sequence):
        self.packed = sequence if isinstance(sequence, PackedSequence) else None
        self.input = (sequence.data if self.packed is not None else sequence).detach().clone()
        self.values, self.gradient, self.state_gradients = None, None, {}

    def listen(self, output):
        output = output.data if isinstance(output, PackedSequence) else output
        self.values = output.detach().clone()
        output.register_hook(self._take)

    def _take(self, gradient):
        if gradient is None:  # another output of the module has one
            return
        self.gradient = gradient.detach() if self.gradient is None else self.gradient + gradient.detach()

    def listen_to_state(self, part, state):
        def take(gradient):
            if gradient is None:
                return
            old = self.state_gradients.get(part)
            self.state_gradients[part] = gradient.detach() if old is None else old + gradient.detach()

        if state.requires_grad:
            state.register_hook(take)

    def steps(self, is_cell, time_first):
        if is_cell:
            return 1
        if self.packed is not None:
            return len(self.packed.batch_sizes)
        return self.input.shape[0 if time_first or self.input.dim() == 2 else 1]

    def arrays(self, is_cell, time_first):
        """Input, output and dL/d(output), [T, B, ...], and the sequences' lengths where they are packed."""
        wide = torch.float64 if self.values.dtype == torch.float64 else torch.float32
        gradient = torch.zeros_like(self.values) if self.gradient is None else self.gradient
        arrays = [self.input.to(wide), self.values.to(wide), gradient.to(wide).clone()]
        if self.packed is not None:
            p = self.packed
            padded = [pad_packed_sequence(PackedSequence(a, p.batch_sizes, p.sorted_indices, p.unsorted_indices)) for a in arrays]
            return *(a for a, _ in padded), padded[0][1]
        if is_cell:
            arrays = [(a if a.dim() == 2 else a.unsqueeze(0)).unsqueeze(0) for a in arrays]
        elif self.input.dim() == 2:
            arrays = [a.unsqueeze(1) for a in arrays]
        elif not time_first:
            arrays = [a.transpose(0, 1) for a in arrays]
        # A new tensor, for what comes back to the last state is added to it.
        return arrays[0], arrays[1], arrays[2].contiguous(), None


def _check(module, kind, every, direction):
    def refuse(found, wanted):
        raise ValueError(f"bpttop_watch: found {found}, expected {wanted}")

    if kind is None:
        inside = [n for n, m in module.named_modules() if type(m).__name__ in MODULES] if isinstance(module, torch.nn.Module) else []
        hint = f": here {', '.join(inside)}" if inside else ""
        refuse(f"a {type(module).__name__}", f"one of torch.nn.{', '.join(MODULES)}{hint}")
    if getattr(module, "bidirectional", False) and module.num_layers > 1:
        refuse(f"a bidirectional {kind} of {module.num_layers} layers, each of which reads both directions of the one below", "one layer")
    if direction not in ("forward", "reverse") or (direction == "reverse" and not getattr(module, "bidirectional", False)):
        refuse(f"direction={direction!r}", '"forward", or "reverse" of a bidirectional module')
    if not isinstance(every, int) or every < 1:
        refuse(f"every={every!r}", "a whole number from 1")


def _prepare(folder, resumes):
    if not resumes and folder.exists() and any(folder.glob("window-*.safetensors")):
        before = folder.with_name(folder.name + ".before")
        shutil.rmtree(before, ignore_errors=True)
        folder.rename(before)
    folder.mkdir(parents=True, exist_ok=True)
    for part in folder.glob(".window-*.part"):
        part.unlink()
    if not resumes:
        (folder / "scalars.jsonl").unlink(missing_ok=True)
    return folder


def _reversed(array, lengths):
    """Each sequence the other way round; what stands behind its end stays there."""
    if lengths is None:
        return array.flip(0)
    result = array.clone()
    for b, n in enumerate(lengths.tolist()):
        result[:n, b] = array[:n, b].flip(0)
    return result


def _plain(value, wide):
    return value.detach().to(dtype=wide).cpu().contiguous().clone()


def _later(value):
    """A number; of another device a tensor, which is not waited for now."""
    if torch.is_tensor(value):
        return value.detach().item() if value.device.type == "cpu" else value.detach()
    return value if isinstance(value, (int, str, bool)) else float(value)


def _flush(reference):
    watch = reference()
    if watch is not None and watch.rows:
        watch._write_rows()
