# What PyTorch does in the test nn_torch_rounds: FOLDER/ours.safetensors is loaded strictly into a module with the names of
# NAMES, and saved in every form that people keep networks in. Exits with 69 where there is no torch.
#     python3 torch_rounds.py FOLDER NAMES
# SPDX-License-Identifier: MIT
import ctypes
import json
import struct
import sys

try:
    import torch
    from torch import nn
except ImportError:
    sys.exit(69)

DTYPES = {"F32": torch.float32, "I64": torch.int64}


def read_safetensors(path):
    with open(path, "rb") as file:
        data = bytearray(file.read())
    start = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:start])
    tensors = {}
    for name, about in header.items():
        if name != "__metadata__":
            begin, end = about["data_offsets"]
            storage = torch.frombuffer(data[start + begin : start + end], dtype=DTYPES[about["dtype"]])
            tensors[name] = storage.reshape(about["shape"])
    return tensors


def write_safetensors(path, tensors):
    header, at = {}, 0
    for name, t in tensors.items():
        size = t.numel() * t.element_size()
        dtype = next(key for key, value in DTYPES.items() if value == t.dtype)
        header[name] = {"dtype": dtype, "shape": list(t.shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for t in tensors.values():
            t = t.contiguous()
            file.write(ctypes.string_at(t.data_ptr(), t.numel() * t.element_size()))


# Modules within modules as the names say. The face network has its four layers by a second name.
def module_of(names):
    root = nn.Module()
    for name, dtype, *shape in names:
        *path, leaf = name.split(".")
        if path[0] == "layer_blocks":
            continue
        at = root
        for part in path:
            if part not in at._modules:
                at.add_module(part, nn.Module())
            at = at._modules[part]
        empty = torch.zeros([int(n) for n in shape], dtype=DTYPES[dtype])
        if leaf in ("weight", "bias"):
            at.register_parameter(leaf, nn.Parameter(empty))
        else:
            at.register_buffer(leaf, empty)
    if any(name[0].startswith("layer_blocks.") for name in names):
        root.layer_blocks = nn.ModuleList(getattr(root.model, f"layer{i}") for i in range(1, 5))
    return root


def main(folder, names_path):
    with open(names_path) as file:
        names = [line.split() for line in file]
    net = module_of(names)
    net.load_state_dict(read_safetensors(f"{folder}/ours.safetensors"), strict=True)
    state = net.state_dict()
    assert list(state) == [name[0] for name in names]

    write_safetensors(f"{folder}/again.safetensors", state)
    torch.save(state, f"{folder}/zip.pth")
    torch.save(state, f"{folder}/old.pt", _use_new_zipfile_serialization=False)
    torch.save(
        {"net": nn.DataParallel(net).state_dict(), "acc": 93.1, "epoch": 300},
        f"{folder}/net.t7",
        _use_new_zipfile_serialization=False,
    )
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    kept = {"epoch": 1, "state_dict": net.state_dict(keep_vars=True), "optimizer": optimizer.state_dict()}
    torch.save(kept, f"{folder}/state_dict.t7")


main(*sys.argv[1:])
