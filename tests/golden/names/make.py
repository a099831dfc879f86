# Writes NAME.txt, the state_dict of NAME as PyTorch lists it: name, type and shape. The modules have the members, in the
# order, of the definitions named in README.md; nothing is computed.
import torch
from torch import nn


def conv(a, b, kernel, bias=False):
    return nn.Conv2d(a, b, kernel, bias=bias)


class Block(nn.Module):
    def __init__(self, a, b, changed, projection):
        super().__init__()
        self.conv1, self.bn1 = conv(a, b, 3), nn.BatchNorm2d(b)
        self.conv2, self.bn2 = conv(b, b, 3), nn.BatchNorm2d(b)
        if projection and changed:
            setattr(self, projection, nn.Sequential(conv(a, b, 1), nn.BatchNorm2d(b)))


class ResNet(nn.Module):
    def __init__(self, blocks, width, stem, projection, head, classes):
        super().__init__()
        self.conv1, self.bn1 = conv(3, width, stem), nn.BatchNorm2d(width)
        a = width
        for stage, n in enumerate(blocks):
            b = width << stage
            layer = nn.Sequential(*(Block(a if i == 0 else b, b, i == 0 and a != b, projection) for i in range(n)))
            setattr(self, f"layer{stage + 1}", layer)
            a = b
        setattr(self, head, nn.Linear(a, classes))


class Dense(nn.Module):
    def __init__(self, a):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(a), conv(a, 128, 1)
        self.bn2, self.conv2 = nn.BatchNorm2d(128), conv(128, 32, 3)


class Transition(nn.Module):
    def __init__(self, a):
        super().__init__()
        self.bn, self.conv = nn.BatchNorm2d(a), conv(a, a // 2, 1)


class DenseNet121(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, a = conv(3, 64, 3), 64
        for stage, n in enumerate((6, 12, 24, 16), 1):
            setattr(self, f"dense{stage}", nn.Sequential(*(Dense(a + 32 * i) for i in range(n))))
            a += 32 * n
            if stage < 4:
                setattr(self, f"trans{stage}", Transition(a))
                a //= 2
        self.bn, self.linear = nn.BatchNorm2d(a), nn.Linear(a, 10)


class VGG16(nn.Module):
    def __init__(self):
        super().__init__()
        layers, a = [], 3
        for b, n in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
            for _ in range(n):
                layers += [conv(a, b, 3, bias=True), nn.BatchNorm2d(b), nn.ReLU()]
                a = b
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.fc = nn.Sequential(nn.Linear(a, a), nn.BatchNorm1d(a), nn.ReLU())
        self.classifier = nn.Linear(a, 10)


class Face(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = ResNet((2, 2, 2, 2), 64, 7, "downsample", "fc", 1000)
        self.fc = nn.Linear(512, 1, bias=False)
        self.layer_blocks = nn.ModuleList(getattr(self.model, f"layer{i}") for i in range(1, 5))


modules = {
    "resnet20": lambda: ResNet((3, 3, 3), 16, 3, "shortcut", "linear", 10),
    "resnet56_noshort": lambda: ResNet((9, 9, 9), 16, 3, "", "linear", 10),
    "densenet121": DenseNet121,
    "vgg16": VGG16,
    "torchvision_resnet18": lambda: ResNet((2, 2, 2, 2), 64, 7, "downsample", "fc", 10),
    "face_resnet18": Face,
}

for name, make in modules.items():
    with torch.device("meta"), open(f"{name}.txt", "w") as file:
        for key, value in make().state_dict().items():
            print(key, {torch.float32: "F32", torch.int64: "I64"}[value.dtype], *value.shape, file=file)
