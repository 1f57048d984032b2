"""Modules of PyTorch's that attend, as their state_dict names them, and the pass of one of them (float64).

usage: python make_encoder.py        (needs: pip install torch safetensors)

Writes encoder.safetensors, a model whose TransformerEncoder stands under `encoder` between `embedding` and `head`;
encoder_pass.safetensors, its x, target, objective and gradients; encoder_layer.safetensors and attention.safetensors, the
weights of a TransformerEncoderLayer and of a MultiheadAttention alone.
"""
import torch
from safetensors.torch import save_file

torch.set_default_dtype(torch.float64)
torch.manual_seed(7)
I, D, O, T, B = 3, 8, 4, 6, 2


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = torch.nn.Linear(I, D)
        layer = torch.nn.TransformerEncoderLayer(D, 2, 2 * D, dropout=0, batch_first=False, norm_first=True)
        self.encoder = torch.nn.TransformerEncoder(layer, 2, torch.nn.LayerNorm(D), enable_nested_tensor=False)
        self.head = torch.nn.Linear(D, O)

    def forward(self, x):
        return self.head(self.encoder(self.embedding(x), mask=torch.full((T, T), -torch.inf).triu(1)))


def save(module, name):
    save_file({key: value.contiguous() for key, value in module.state_dict().items()}, name)


model = Model()
for parameter in model.parameters():
    # The encoder's layers begin as copies, and biases as zeros.
    parameter.data += 0.2 * torch.randn_like(parameter)
x, target = torch.randn(T, B, I), torch.randint(O, (T, B))
objective = torch.nn.functional.cross_entropy(model(x).reshape(T * B, O), target.reshape(T * B))
objective.backward()
save(model, "encoder.safetensors")
pass_ = {"grad." + name: parameter.grad for name, parameter in model.named_parameters()}
save_file(dict(pass_, x=x, target=target, objective=objective.detach().reshape(1)), "encoder_pass.safetensors")
save(torch.nn.TransformerEncoderLayer(D, 2, 2 * D), "encoder_layer.safetensors")
save(torch.nn.MultiheadAttention(D, 2), "attention.safetensors")
