"""What Bench/cross-validation compares: recipes and networks on held-out training images."""

from dataclasses import dataclass

from accuracy_cases import FASHION, MNIST

CIFAR = "CIFAR-10"
BOTTLENECKS = "Bench/variants/cifar-20k-bottlenecks.yaml"
SEPARABLE = "Bench/variants/cifar-20k-separable.yaml"
SGD = "--optimizer sgd --learning-rate 0.2 --weight-decay 0.0005"
LESS_DECAY = "--weight-decay 0.03"
RESNET8, AVERAGE = "resnet8 --epochs 15", "--set averageDecay=0.999"


def muon(rate=0.006, decay=0.03):
    return f"--optimizer muon --learning-rate {rate} --weight-decay {decay}"


def alternating(crop):
    return f"--augment flip=alternating,crop={crop}"


MUON = muon()


@dataclass(frozen=True)
class Line:
    """Models on some data; each is held against the first.

    A model is a preset or a file, and what else ptrain is told.
    """

    models: tuple[str, ...]
    data: str = MNIST


LINES = {
    "compact": Line(
        (
            "Bench/variants/compact-plain.yaml",
            "Bench/variants/compact-wide.yaml",
            "Bench/variants/compact-narrow.yaml",
            "compact",
            f"compact {MUON}",
        )
    ),
    "tiny": Line(("tiny", f"tiny {MUON}")),
    "eva8": Line(
        (
            "Bench/variants/eva8-light-decay.yaml",
            "eva8",
            "Bench/variants/eva8-larger-field.yaml",
            "Bench/variants/eva8-wider.yaml",
        )
    ),
    # Less than 20,000 parameters: networks by one recipe of 15 epochs, then changes of that recipe.
    "cifar-20k": Line(
        (
            BOTTLENECKS,
            f"{BOTTLENECKS} --weight-decay 0.0005",
            f"{BOTTLENECKS} {MUON}",
            f"{BOTTLENECKS} {muon(0.012, 0.015)}",
            f"Bench/variants/cifar-20k-mixed.yaml {MUON}",
            f"Bench/variants/cifar-20k-residual.yaml {MUON}",
            f"Bench/variants/cifar-20k-silu.yaml {MUON}",
            f"{SEPARABLE} {MUON}",
            f"{SEPARABLE} {MUON} --batch-size 64",
            "cifar-20k --epochs 15 --batch-size 128 --augment flip,crop=4",
            "cifar-20k --epochs 15",
        ),
        CIFAR,
    ),
    "cifar-80k": Line(
        (
            "Bench/variants/cifar-80k-bottlenecks.yaml",
            f"cifar-80k --epochs 15 {LESS_DECAY}",
            f"cifar-80k --epochs 15 {LESS_DECAY} --augment flip,crop=2",
            # Longer, so that what holds a network back from learning images by heart has its time.
            f"cifar-80k --epochs 20 {LESS_DECAY}",
            f"cifar-80k --epochs 20 {LESS_DECAY} --augment flip,crop=4,cutout=8 "
            "--set labelSmoothing=0.1",
            f"cifar-80k --epochs 20 {LESS_DECAY} --augment flip,crop=4,mixup=0.2",
            "cifar-80k --epochs 20",
            f"cifar-80k --epochs 15 {alternating(4)} --learning-rate 0.024 --weight-decay 0.1",
            f"cifar-80k --epochs 15 {alternating(4)} --learning-rate 0.012",
        ),
        CIFAR,
    ),
    "cifar-300k": Line(
        (
            "cifar-300k --epochs 10",
            "Bench/variants/cifar-300k-groups.yaml --epochs 10 --set whiten=0.0005",
            "Bench/variants/cifar-300k-recipe.yaml --epochs 10",
            f"cifar-300k --epochs 10 {alternating(4)} --learning-rate 0.024",
            f"cifar-300k --epochs 10 {alternating(4)},cutout=8 --learning-rate 0.024",
        ),
        CIFAR,
    ),
    # The first two take as long: airbench94's channels, and half of them for twice the epochs.
    "cifar-fast": Line(
        (
            f"cifar-30min --epochs 6 {alternating(2)}",
            "cifar-fast --epochs 12",
            f"cifar-fast --epochs 12 {alternating(4)},cutout=8",
            "cifar-fast --epochs 12 --weight-decay 0.1",
            "cifar-fast --epochs 20",
            f"cifar-fast --epochs 20 {alternating(4)},cutout=8",
        ),
        CIFAR,
    ),
    # In half an hour: few epochs of many channels, or many of few.
    "cifar-30min": Line(
        ("cifar-30min --epochs 13", f"cifar-fast --epochs 36 {alternating(4)},cutout=8"), CIFAR
    ),
    "fashion": Line(
        (
            f"compact {MUON} --augment flip,crop=2",
            "fashion",
            "fashion --augment flip,crop=2,cutout=6",
        ),
        FASHION,
    ),
    "resnet8": Line(
        (
            f"{RESNET8} --augment flip,crop=4 {AVERAGE} {SGD}",
            f"{RESNET8} --augment flip,crop=4 {AVERAGE} {MUON}",
            f"{RESNET8} --augment flip,crop=4 {AVERAGE} {MUON} --batch-size 64",
            f"{RESNET8} --augment flip,crop=2 {AVERAGE} {MUON}",
            f"{RESNET8} {alternating(2)} {AVERAGE} {muon(0.024)}",
            f"{RESNET8} {alternating(4)} {AVERAGE} {muon(0.024)}",
            f"{RESNET8} {alternating(2)} {AVERAGE} {muon(0.048)}",
            f"{RESNET8} {alternating(2)} {AVERAGE} {muon(0.024, 0.1)}",
            f"resnet8 --epochs 40 {alternating(2)} {AVERAGE} {muon(0.024, 0.1)}",
            f"resnet8 --epochs 40 {alternating(4)} {AVERAGE} {muon(0.024, 0.1)}",
            # For the shortest time to 80 %.
            f"resnet8 --epochs 8 --augment flip,crop=4 {AVERAGE} {MUON}",
            f"resnet8 --epochs 8 --augment flip,crop=2 {AVERAGE} {MUON}",
            f"resnet8 --epochs 8 --augment flip,crop=2 {AVERAGE} {muon(0.012)}",
            f"resnet8 --epochs 6 --augment flip,crop=2 {AVERAGE} {MUON}",
            f"resnet8 --epochs 6 {alternating(2)} {AVERAGE} {muon(0.012)}",
            f"resnet8 --epochs 6 {alternating(2)} {AVERAGE} {muon(0.024)}",
        ),
        CIFAR,
    ),
}
