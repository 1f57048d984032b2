"""Writes the fixtures beside it: safetensors made by the format's own library, and passes of torch's modules.

usage: python make_fixtures.py
needs: pip install torch safetensors numpy
"""
import pathlib, sys

import numpy as np
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch

here = pathlib.Path(__file__).parent

# Every type that is read, values that only survive an exact conversion, a scalar, an empty tensor, metadata beyond ASCII.
mixed = {
    "f64": np.array([[1 / 3, -2.0, 5e-324], [1.7976931348623157e308, 0.1, -0.0]]),
    "f32": np.array([1 / 3, 3.4028235e38, 1e-45], np.float32),
    "f16": np.array([1 / 3, 65504.0, 6e-8], np.float16),
    "i64": np.array([[-(2**63), 2**63 - 1]], np.int64),
    "i32": np.array([-(2**31), 7], np.int32),
    "u8": np.array([0, 255], np.uint8),
    "bool": np.array([True, False, True]),
    "scalar": np.array(2.5),
    "empty": np.zeros((0, 4)),
}
save_file(mixed, here / "mixed.safetensors", metadata={"name": "größe \U0001d6fc \"q\"\\\n", "update": "12"})
save_torch({"bf16": torch.tensor([1 / 3, -1e30], dtype=torch.bfloat16)}, here / "bfloat16.safetensors")

# Weights, data and whole passes of torch.nn.RNN, LSTM and GRU.
sys.path.insert(0, str(here.parents[2] / "Demos" / "pytorch"))
import bpttop_weights

bpttop_weights.fixtures(here)
