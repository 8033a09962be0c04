"""What Bench/accuracy trains: its named cases, and how their runs lie in a directory of results."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

# Of CIFAR-10 there is a copy as JPEG files of quality 75, which is what accuracies are of.
MNIST, FASHION, CIFAR = "MNIST", "Fashion-MNIST", "CIFAR-10, JPEG 75"
FASHION_FOLDER = "/usr/share/datasets/fashion-mnist"
FASHION_TARGETS = (92.0, 93.0, 94.0)
CIFAR_TARGETS = (80.0, 85.0, 88.0, 90.0, 92.0)
PUBLISHED = (
    "--model eva8 --optimizer adam --learning-rate 0.001 --weight-decay 0 --schedule constant "
    "--batch-size 256 --epochs 20 --augment none"
)
# Beside the preset's recipe, whose augmentation is MLPerf Tiny's.
RESNET8 = (
    "--model resnet8 --epochs 40 --optimizer muon --learning-rate 0.006 --weight-decay 0.03 "
    "--augment flip,crop=4 --set averageDecay=0.999"
)
# Which command made a case's runs, when and where.
ORIGINS = "origins.json"
SEEDS = range(1, 1000)
# Of runs: those of a table, of the PyTorch twin, and with another instruction set.
KINDS = ("seed", "twin", "avx2")


@dataclass(frozen=True)
class Case:
    """A network with its recipe on some data."""

    name: str
    # Arguments of ptrain.
    words: str
    seeds: int = 10
    data: str = MNIST
    # The first seed that nobody had looked at when the recipe was fixed.
    fresh_from: int | None = None
    # Percents, of which the first epoch that reaches one is told.
    targets: tuple[float, ...] = (99.0, 99.4)


NAMED = {
    case.name: case
    for case in (
        Case("compact", "--model compact", fresh_from=11),
        Case("tiny", "--model tiny", fresh_from=11),
        Case("eva8", "--model eva8"),
        Case("eva8-published", PUBLISHED, seeds=3),
        Case("fashion", "--model fashion", data=FASHION, targets=FASHION_TARGETS),
        Case("compact-fashion", "--model compact", seeds=3, data=FASHION, targets=FASHION_TARGETS),
        Case("cifar-20k", "--model cifar-20k", seeds=3, data=CIFAR, targets=CIFAR_TARGETS),
        Case("cifar-80k", "--model cifar-80k", seeds=3, data=CIFAR, targets=CIFAR_TARGETS),
        Case("cifar-300k", "--model cifar-300k", seeds=3, data=CIFAR, targets=CIFAR_TARGETS),
        Case("cifar-fast", "--model cifar-fast", seeds=3, data=CIFAR, targets=CIFAR_TARGETS),
        Case("cifar-30min", "--model cifar-30min", seeds=3, data=CIFAR, targets=CIFAR_TARGETS),
        Case("resnet8", RESNET8, seeds=3, data=CIFAR, targets=CIFAR_TARGETS),
    )
}


@dataclass
class CaseRuns:
    """Events of a case's runs by seed, those of its PyTorch twin and of runs by AVX2, and what
    commands made them."""

    case: Case
    runs: dict[int, list[dict]]
    twins: dict[int, list[dict]]
    avx2: dict[int, list[dict]]
    made: list[dict] = field(default_factory=list)


class Results:
    """A directory with the metrics of every run, one file each."""

    def __init__(self, folder):
        self.folder = Path(folder)
        file = self.folder / ORIGINS
        self.origins = json.loads(file.read_text()) if file.exists() else {}

    def path(self, case, seed, kind="seed"):
        return self.folder / f"{case.name}-{kind}-{seed}.jsonl"

    def description(self, case):
        """Where a run leaves what it trained, for the twin and for who wants to train it again."""
        return self.folder / f"{case.name}.yaml"

    def made(self, name):
        """Commands that made a case's runs, in their order."""
        found = self.origins.get(name, [])
        return found if isinstance(found, list) else [found]

    def add(self, case, circumstances, done):
        """Notes which command made the seeds of each kind; earlier ones stay for what it did not
        make again."""
        new = circumstances | done
        if case != NAMED.get(case.name):
            new["case"] = asdict(case)
        earlier = [
            one
            for one in self.made(case.name)
            if "seed" not in one
            or not all(set(one.get(kind, [])) <= set(seeds) for kind, seeds in done.items())
        ]
        self.origins[case.name] = [*earlier, new]
        (self.folder / ORIGINS).write_text(json.dumps(self.origins, indent=1) + "\n")

    def cases(self):
        """The named ones, then those that commands have described, in the order of their names."""
        found = dict(NAMED)
        for name in sorted(self.origins):
            for one in self.made(name):
                if "case" in one and name not in NAMED:
                    given = one["case"] | {"targets": tuple(one["case"]["targets"])}
                    found[name] = Case(**given)
        return list(found.values())

    def events(self, case, kind):
        """Of each seed that has run."""
        return {
            seed: [json.loads(line) for line in path.read_text().splitlines()]
            for seed in SEEDS
            if (path := self.path(case, seed, kind)).exists()
        }

    def kept(self):
        """Every case that has runs here."""
        found = []
        for case in self.cases():
            runs = {kind: self.events(case, kind) for kind in KINDS}
            if runs["seed"]:
                made = self.made(case.name)
                found.append(CaseRuns(case, runs["seed"], runs["twin"], runs["avx2"], made))
        return found
