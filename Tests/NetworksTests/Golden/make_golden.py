"""Golden values of PyTorch for the reference: layers, losses, optimizers, schedules, trainings.

Writes layers.json, optimizers.json, training.json and losses.json beside itself, all in float64.
Made with Python 3.11, torch 2.15.0 and numpy 2.4.6 (Bench/requirements.txt); losses.json with torch
2.13.0.
"""

import json
import pathlib

import torch
import torch.nn.functional as F
from golden_training import trainings
from golden_values import fields, flat, leaf, normal, random

FOLDER = pathlib.Path(__file__).parent


def conv(count, channels, height, width, filters, kernel, stride, padding, bias):
    x, w = leaf(count, channels, height, width), leaf(filters, channels, kernel, kernel)
    b = leaf(filters) if bias else None
    z = F.conv2d(x, w, b, stride=stride, padding=padding)
    dz = normal(*z.shape)
    z.backward(dz)
    return dict(
        count=count,
        input=[channels, height, width],
        filters=filters,
        kernel=kernel,
        stride=stride,
        padding=padding,
        **fields(x=x, weights=w, z=z, dz=dz, dx=x.grad, dWeights=w.grad),
        **(fields(bias=b, dBias=b.grad) if b is not None else {}),
    )


def batch_norm(count, channels, height, width):
    shape = (count, channels, height, width)
    bn = torch.nn.BatchNorm2d(channels)
    bn.weight.data, bn.bias.data = normal(channels), normal(channels)
    batches = []
    for training in (True, True, False):
        bn.train(training)
        bn.zero_grad()
        x = (normal(*shape) * 2 + 1).requires_grad_()
        y = bn(x)
        dy = normal(*shape)
        y.backward(dy)
        batches.append(
            dict(
                training=training,
                **fields(
                    x=x,
                    y=y,
                    dy=dy,
                    dx=x.grad,
                    dScale=bn.weight.grad,
                    dShift=bn.bias.grad,
                    runningMean=bn.running_mean,
                    runningVariance=bn.running_var,
                ),
            )
        )
    return dict(
        input=[channels, height, width], batches=batches, **fields(scale=bn.weight, shift=bn.bias)
    )


def max_pool(count, channels, height, width, size):
    # Few distinct values, so that ties are common.
    x = torch.tensor(random.randint(-2, 3, (count, channels, height, width)).astype(float))
    x.requires_grad_()
    y = F.max_pool2d(x, size)
    dy = normal(*y.shape)
    y.backward(dy)
    return dict(input=[channels, height, width], size=size, **fields(x=x, y=y, dy=dy, dx=x.grad))


def average_pool():
    x = leaf(2, 3, 4, 5)
    y = F.adaptive_avg_pool2d(x, 1).flatten(1)
    dy = normal(*y.shape)
    y.backward(dy)
    return dict(input=[3, 4, 5], **fields(x=x, y=y, dy=dy, dx=x.grad))


def dropout():
    torch.manual_seed(3)
    x = leaf(4, 6)
    y = F.dropout(x, 0.3, training=True)
    mask = (y != 0) / (1 - 0.3)
    dy = normal(*y.shape)
    y.backward(dy)
    return dict(rate=0.3, **fields(x=x, y=y, mask=mask, dy=dy, dx=x.grad))


def activation(function):
    x = leaf(12)
    y = function(x)
    dy = normal(12)
    y.backward(dy)
    return fields(x=x, y=y, dy=dy, dx=x.grad)


def dense(bias):
    x, w = leaf(3, 5), leaf(4, 5)
    b = leaf(4) if bias else None
    z = F.linear(x, w, b)
    dz = normal(*z.shape)
    z.backward(dz)
    return dict(
        inputs=5,
        outputs=4,
        **fields(x=x, weights=w, z=z, dz=dz, dx=x.grad, dWeights=w.grad),
        **(fields(bias=b, dBias=b.grad) if b is not None else {}),
    )


def cross_entropy(smoothing):
    logits = (normal(5, 7) * 4).requires_grad_()
    labels = torch.tensor(random.randint(0, 7, 5))
    losses = F.cross_entropy(logits, labels, reduction="none", label_smoothing=smoothing)
    losses.mean().backward()
    return dict(
        labelSmoothing=smoothing,
        labels=labels.tolist(),
        **fields(logits=logits, losses=losses, gradient=logits.grad),
    )


def weighted_cross_entropy():
    """Mean loss with weights of classes, as a minibatch's."""
    logits, weights = leaf(6, 4), normal(4).abs() + 0.25
    labels = torch.tensor([3, 0, 0, 1, 3, 3])
    loss = F.cross_entropy(logits, labels, weight=weights)
    loss.backward()
    return dict(
        labels=labels.tolist(),
        **fields(logits=logits, weights=weights, loss=loss, gradient=logits.grad),
    )


def half_squared_error():
    outputs, targets = leaf(6), normal(6)
    loss = F.mse_loss(outputs, targets, reduction="sum") / 2
    loss.backward()
    return fields(outputs=outputs, targets=targets, loss=loss, gradient=outputs.grad)


def layers():
    return dict(
        conv=[
            conv(2, 3, 7, 6, 4, 3, 1, 1, True),
            conv(2, 2, 8, 7, 3, 3, 2, 1, True),
            conv(1, 1, 6, 9, 2, 5, 3, 2, False),
            conv(3, 2, 3, 3, 2, 2, 1, 0, True),
            conv(2, 4, 3, 2, 5, 1, 1, 0, False),
            conv(1, 2, 2, 2, 2, 3, 2, 2, True),
        ],
        batchNorm=[batch_norm(3, 2, 3, 4), batch_norm(5, 3, 1, 1)],
        maxPool=[max_pool(2, 2, 5, 7, 2), max_pool(1, 3, 6, 6, 3)],
        averagePool=average_pool(),
        dropout=dropout(),
        relu=activation(torch.relu),
        sigmoid=activation(torch.sigmoid),
        dense=[dense(True), dense(False)],
        crossEntropy=[cross_entropy(0.0), cross_entropy(0.1)],
        halfSquaredError=half_squared_error(),
    )


def losses():
    """Later than the others, with random numbers of its own, so that theirs stay what they were."""
    random.seed(20261128)
    return dict(weightedCrossEntropy=weighted_cross_entropy())


def optimizer_run(make, learning_rates, **settings):
    """Five steps on a dense layer 3 -> 2; weight decay acts on the weight alone."""
    weight, bias = torch.nn.Parameter(normal(2, 3)), torch.nn.Parameter(normal(2))
    start = flat(weight) + flat(bias)
    decay = settings.pop("weightDecay")
    optimizer = make(
        [dict(params=[weight], weight_decay=decay), dict(params=[bias], weight_decay=0.0)], settings
    )
    gradients, values = [], []
    for rate in learning_rates:
        for group in optimizer.param_groups:
            group["lr"] = rate
        weight.grad, bias.grad = normal(2, 3), normal(2)
        gradients.append(flat(weight.grad) + flat(bias.grad))
        optimizer.step()
        values.append(flat(weight) + flat(bias))
    return dict(
        weightDecay=decay,
        learningRates=learning_rates,
        start=start,
        gradients=gradients,
        values=values,
        **settings,
    )


def adam(groups, settings):
    return torch.optim.AdamW(groups, lr=1.0, betas=(0.9, 0.999), eps=1e-8)


def sgd(groups, settings):
    return torch.optim.SGD(
        groups, lr=1.0, momentum=settings["momentum"], nesterov=settings["nesterov"]
    )


def schedule(kind, make, epochs, steps_per_epoch, rate, **settings):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)
    scheduler = make(optimizer, epochs * steps_per_epoch)
    rates = []
    for _ in range(epochs * steps_per_epoch):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return dict(
        kind=kind,
        epochs=epochs,
        stepsPerEpoch=steps_per_epoch,
        learningRate=rate,
        rates=rates,
        **settings,
    )


def one_cycle(epochs, steps_per_epoch, rate, warm_up):
    return schedule(
        "one-cycle",
        lambda o, total: torch.optim.lr_scheduler.OneCycleLR(
            o, rate, total_steps=total, pct_start=warm_up, cycle_momentum=False
        ),
        epochs,
        steps_per_epoch,
        rate,
        warmUp=warm_up,
    )


def optimizers():
    rates = [0.1, 0.1, 0.05, 0.02, 0.3]
    drops = torch.optim.lr_scheduler
    return dict(
        adam=[optimizer_run(adam, rates, weightDecay=decay) for decay in (0.0, 0.02)],
        sgd=[
            optimizer_run(sgd, rates, weightDecay=decay, momentum=momentum, nesterov=nesterov)
            for decay, momentum, nesterov in (
                (0.0, 0.0, False),
                (0.01, 0.9, False),
                (0.01, 0.9, True),
            )
        ],
        schedules=[
            schedule("constant", lambda o, n: drops.ConstantLR(o, 1.0), 2, 3, 0.01),
            schedule(
                "step",
                lambda o, n: drops.StepLR(o, 2 * 3, 0.3),
                5,
                3,
                0.5,
                stepEpochs=2,
                stepFactor=0.3,
            ),
            schedule("cosine", lambda o, n: drops.CosineAnnealingLR(o, n), 3, 7, 0.4),
            one_cycle(4, 5, 0.2, 0.2),
            one_cycle(3, 11, 0.02, 0.35),
            one_cycle(2, 4, 0.1, 0.0),
        ],
    )


for name, make in (
    ("layers", layers),
    ("optimizers", optimizers),
    ("training", trainings),
    ("losses", losses),
):
    (FOLDER / f"{name}.json").write_text(json.dumps(make(), separators=(",", ":")) + "\n")
