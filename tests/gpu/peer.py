"""What PyTorch takes for the same work: images a second of a ResNet for small images, forward, loss and accuracy.

    python3 peer.py RUN.BIN IMAGES BATCH        prints a line for its version, the device and each precision: tf32 123456

The strong way: images and weights on the device in the precision, channels last, a recorded CUDA graph for each batch, nothing read back
before the end. The network is built here from the names and shapes in run.bin, which must fit to the last one. Without a GPU it
measures nothing, but with REHEARSE in the environment, where it is only tried.
SPDX-License-Identifier: MIT
"""
import copy
import json
import os
import struct
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


def read_safetensors(path):
    with open(path, "rb") as f:
        (length,) = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(length))
        data = bytearray(f.read())
    types = {"F32": torch.float32, "I64": torch.int64}
    tensors = {}
    for name, t in header.items():
        if name != "__metadata__":
            begin, end = t["data_offsets"]
            tensors[name] = torch.frombuffer(data[begin:end], dtype=types[t["dtype"]]).reshape(t["shape"])
    return tensors


class Block(nn.Module):
    def __init__(self, c, k, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(c, k, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(k)
        self.conv2 = nn.Conv2d(k, k, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(k)
        self.shortcut = nn.Sequential()
        if stride != 1 or c != k:
            self.shortcut = nn.Sequential(nn.Conv2d(c, k, 1, stride, bias=False), nn.BatchNorm2d(k))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


class ResNet(nn.Module):
    """conv1, bn1, layer1 .. layer3 of 16, 32 and 64 channels, linear; as many blocks as the file has."""

    def __init__(self, tensors):
        super().__init__()
        blocks = len([n for n in tensors if n.startswith("layer1.") and n.endswith("conv1.weight")])
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        self.layer1, self.layer2, self.layer3 = (
            nn.Sequential(*[Block(c if i == 0 else k, k, s if i == 0 else 1) for i in range(blocks)])
            for c, k, s in ((16, 16, 1), (16, 32, 2), (32, 64, 2)))
        self.linear = nn.Linear(64, tensors["linear.weight"].shape[0])
        self.load_state_dict(tensors, strict=True)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(F.relu(self.bn1(self.conv1(x))))))
        return self.linear(F.adaptive_avg_pool2d(x, 1).flatten(1))


def recorded(step):
    """The step as a CUDA graph, recorded after libraries have chosen their kernels."""
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    return graph.replay


def timed(net, images, labels, batch):
    """Seconds of one pass over all images, the second of two."""
    device = images.device
    x, y = images[:batch].clone(memory_format=torch.channels_last), labels[:batch].clone()
    loss, right = torch.zeros((), dtype=torch.float64, device=device), torch.zeros((), dtype=torch.int64, device=device)

    def step():
        logits = net(x).float()
        loss.add_(F.cross_entropy(logits, y, reduction="sum"))
        right.add_((logits.argmax(1) == y).sum())

    run = recorded(step) if device.type == "cuda" else step
    for _ in range(2):
        started = time.perf_counter()
        for first in range(0, images.shape[0], batch):
            x.copy_(images[first:first + batch])
            y.copy_(labels[first:first + batch])
            run()
        loss.item()  # waits
        seconds = time.perf_counter() - started
    return seconds


def measured(net, images, labels, batch):
    """Prints what each precision takes; those that fail."""
    failed = []
    for name, kind in (("tf32", torch.float32), ("fp16", torch.float16), ("bf16", torch.bfloat16)):
        try:
            seconds = timed(copy.deepcopy(net).to(kind), images.to(kind), labels, batch)
            print(name, round(images.shape[0] / seconds), flush=True)
        except RuntimeError as e:  # fp16 is not on every processor, and memory may not suffice
            failed.append(f"{name}: {e}")
    return failed


@torch.inference_mode()
def main(path, n, batch):
    on_gpu = torch.cuda.is_available()
    print("torch", torch.__version__)
    if not on_gpu and not os.environ.get("REHEARSE"):
        return ["this PyTorch finds no GPU"]
    print("device", torch.cuda.get_device_name(0) if on_gpu else "the processor", flush=True)
    device = torch.device("cuda:0" if on_gpu else "cpu")
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    net = ResNet(read_safetensors(path)).eval().to(device, memory_format=torch.channels_last)
    n -= n % batch
    images = torch.randn(n, 3, 32, 32).to(device, memory_format=torch.channels_last)
    labels = torch.randint(0, 10, (n,)).to(device)
    return measured(net, images, labels, batch)


sys.exit("; ".join(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))).replace("\n", " ") or 0)
