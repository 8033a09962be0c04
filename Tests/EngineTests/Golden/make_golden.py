"""Makes eva8-mnist.bin: what PyTorch computes for the 19,822-parameter network on real MNIST.

    PTRAIN_DATA=DIR python3 make_golden.py        (PyTorch 2.15, numpy 2.4, one thread)

The file holds little-endian float32, in this order:
  state    19,822 parameters and 192 running statistics in state_dict order, after 30 Adam steps
           from PyTorch's own initialisation (seed 1), so that BN and gradients are not trivial
  logits   [1000, 10] of the first 1,000 test images in evaluation mode
  losses   [10] of ten Adam steps (0.001) from `state`, batch 256, training images in file order,
           dropout 0
"""

import gzip
import os

import numpy as np
import torch
from torch import nn

torch.manual_seed(1)
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
DATA = os.environ["PTRAIN_DATA"]


def idx(name, offset):
    with gzip.open(f"{DATA}/{name}.gz") as file:
        return np.frombuffer(file.read(), np.uint8, offset=offset)


def images(name):
    pixels = torch.from_numpy(idx(name, 16).reshape(-1, 1, 28, 28).astype(np.float32))
    return (pixels / 255 - 0.1307) / 0.3081


class Eva8(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(1, 64, 3, padding=1), nn.BatchNorm2d(64)
        self.conv2, self.bn2 = nn.Conv2d(64, 32, 3, padding=1), nn.BatchNorm2d(32)
        self.fc1, self.fc2 = nn.Linear(32, 12), nn.Linear(12, 10)

    def forward(self, x):
        x = nn.functional.max_pool2d(self.bn1(self.conv1(x).relu()), 2)
        x = self.bn2(self.conv2(x).relu()).mean((2, 3))
        return self.fc2(self.fc1(x))


def steps(model, count, first):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.001)
    losses = []
    for step in range(first, first + count):
        batch = slice(step * 256, (step + 1) * 256)
        loss = nn.functional.cross_entropy(model(train[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


train = images("train-images-idx3-ubyte")
labels = torch.from_numpy(idx("train-labels-idx1-ubyte", 8).astype(np.int64))
test = images("t10k-images-idx3-ubyte")[:1000]

model = Eva8()
steps(model, 30, 100)
state = [v.numpy().ravel() for k, v in model.state_dict().items() if "tracked" not in k]
state = np.concatenate(state).copy()
model.eval()
with torch.no_grad():
    logits = model(test).numpy().ravel()
model.train()
losses = np.array(steps(model, 10, 0))
out = np.concatenate([state, logits, losses]).astype("<f4")
out.tofile(os.path.join(os.path.dirname(os.path.abspath(__file__)), "eva8-mnist.bin"))
print(state.size, logits.size, losses)
