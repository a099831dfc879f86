"""What PyTorch takes for the same work: images a second of a ResNet for small images, forward, loss and accuracy.

    python3 peer.py RUN.BIN IMAGES BATCH        prints a line for each precision: tf32 123456

The strong way: images on the device, channels last, a recorded CUDA graph for each batch, nothing read back before the end; 16-bit
precisions by autocast. The network is built here from the names and shapes in run.bin, which must fit to the last one.
SPDX-License-Identifier: MIT
"""
import json
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


def timed(net, images, labels, batch, cast):
    """Seconds of one pass over all images, the second of two."""
    device = images.device
    x, y = images[:batch].clone(memory_format=torch.channels_last), labels[:batch].clone()
    loss, right = torch.zeros((), dtype=torch.float64, device=device), torch.zeros((), dtype=torch.int64, device=device)

    def step():
        with torch.autocast(device.type, dtype=cast, enabled=cast is not None, cache_enabled=False):
            logits = net(x)
        logits = logits.float()
        loss.add_(F.cross_entropy(logits, y, reduction="sum"))
        right.add_((logits.argmax(1) == y).sum())

    run = step
    if device.type == "cuda":
        side = torch.cuda.Stream()
        with torch.cuda.stream(side):
            for _ in range(3):
                step()
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            step()
        run = graph.replay
    for _ in range(2):
        started = time.perf_counter()
        for first in range(0, images.shape[0], batch):
            x.copy_(images[first:first + batch])
            y.copy_(labels[first:first + batch])
            run()
        loss.item()  # waits
        seconds = time.perf_counter() - started
    return seconds


@torch.inference_mode()
def main(path, n, batch):
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cudnn.benchmark = True
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    net = ResNet(read_safetensors(path)).eval().to(device, memory_format=torch.channels_last)
    n -= n % batch
    images = torch.randn(n, 3, 32, 32).to(device, memory_format=torch.channels_last)
    labels = torch.randint(0, 10, (n,)).to(device)
    for name, cast in (("tf32", None), ("fp16", torch.float16), ("bf16", torch.bfloat16)):
        try:
            print(name, round(n / timed(net, images, labels, batch, cast)))
        except RuntimeError as e:  # fp16 is not on every processor, where this is only tried
            print(f"{name}: {e}", file=sys.stderr)


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
