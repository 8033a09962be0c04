"""Draws measured and predicted speed over cores, as SVG."""

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402


def draw(path, model_name, cases, cores):
    """One line a batch size: points are measured, dashes are the model's."""
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    for index, (batch_size, model, runs) in enumerate(cases):
        color = f"C{index}"
        axes.plot(
            cores,
            [model.images_per_second(count) for count in cores],
            "--",
            color=color,
            label=f"batch {batch_size}, predicted",
        )
        axes.plot(
            [run["threads"] for run in runs],
            [run["images_per_second"] for run in runs],
            "o",
            color=color,
            label=f"batch {batch_size}, measured",
        )
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    axes.set_xticks(cores, [str(count) for count in cores])
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlabel("cores")
    axes.set_ylabel("images/s")
    axes.set_title(f"Training {model_name}: measured up to {max_threads(cases)} cores")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(f"{path}.svg")


def max_threads(cases):
    return max(run["threads"] for _, _, runs in cases for run in runs)
