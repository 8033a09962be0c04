"""Golden training steps of two small networks, with their parameters before and after."""

import torch
import torch.nn.functional as F
from golden_values import fields, flat, normal, random


class Small(torch.nn.Module):
    """The eva8 network with few channels."""

    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = torch.nn.Conv2d(1, 4, 3, padding=1), torch.nn.BatchNorm2d(4)
        self.conv2, self.bn2 = torch.nn.Conv2d(4, 6, 3, padding=1), torch.nn.BatchNorm2d(6)
        self.fc1, self.fc2 = torch.nn.Linear(6, 5), torch.nn.Linear(5, 3)

    def forward(self, x, mask):
        x = F.max_pool2d(self.bn1(torch.relu(self.conv1(x))), 2)
        x = self.bn2(torch.relu(self.conv2(x))).mean((2, 3))
        return self.fc2(self.fc1(x * mask if self.training else x))


class Stack(torch.nn.Module):
    """The compact network with few channels: BN before ReLU, no conv bias, dropout on planes."""

    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 3, 3, padding=1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(3)
        self.conv2 = torch.nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(4)
        self.fc1 = torch.nn.Linear(4, 3)

    def forward(self, x, mask):
        x = F.max_pool2d(torch.relu(self.bn1(self.conv1(x))), 2)
        x = torch.relu(self.bn2(self.conv2(x * mask if self.training else x)))
        return self.fc1(x.mean((2, 3)))


def state(model):
    return {
        name: flat(value)
        for name, value in model.state_dict().items()
        if "num_batches_tracked" not in name
    }


def training(model, optimizer, mask_shape, rate, smoothing, count=6):
    start = state(model)
    steps = []
    for _ in range(3):
        x, labels = normal(count, 1, 8, 8), torch.tensor(random.randint(0, 3, count))
        mask = torch.tensor((random.rand(count, *mask_shape) >= rate) / (1 - rate))
        optimizer.zero_grad()
        logits = model(x, mask)
        loss = F.cross_entropy(logits, labels, label_smoothing=smoothing)
        loss.backward()
        optimizer.step()
        steps.append(
            dict(
                labels=labels.tolist(),
                gradients={name: flat(value.grad) for name, value in model.named_parameters()},
                **fields(x=x, mask=mask, logits=logits, loss=loss),
            )
        )
    model.eval()
    test = normal(4, 1, 8, 8)
    return dict(
        start=start, steps=steps, end=state(model), test=fields(x=test, logits=model(test, None))
    )


def trainings():
    torch.manual_seed(5)
    small, stack = Small(), Stack()
    decayed = [p for p in stack.parameters() if p.dim() > 1]
    others = [p for p in stack.parameters() if p.dim() == 1]
    nesterov = torch.optim.SGD(
        [dict(params=decayed, weight_decay=0.01), dict(params=others)],
        lr=0.1,
        momentum=0.9,
        nesterov=True,
    )
    adam_optimizer = torch.optim.Adam(small.parameters(), lr=0.01)
    return dict(
        small=training(small, adam_optimizer, (6,), 0.25, 0.0),
        stack=training(stack, nesterov, (3, 4, 4), 0.25, 0.1),
    )
