"""Draws measured and predicted speed over cores, as SVG."""

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt  # noqa: E402


def draw(path, cases):
    """One line a case with its measured runs: points are measured, dashes are the model's."""
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    cores = [step["workers"] for step in cases[0][0]["model_of_scaling"]["steps"]]
    for index, (case, runs) in enumerate(cases):
        steps = case["model_of_scaling"]["steps"]
        axes.plot(
            [step["workers"] for step in steps],
            [step["images_per_second"] for step in steps],
            "--",
            color=f"C{index}",
            label=f"{case['model']}, batch {case['batch_size']}",
        )
        axes.plot(
            [run["threads"] for run in runs],
            [run["images_per_second"] for run in runs],
            "o",
            color=f"C{index}",
        )
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    axes.set_xticks(cores, [str(count) for count in cores])
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.set_xlabel("cores")
    axes.set_ylabel("images/s")
    most = max(run["threads"] for _, runs in cases for run in runs)
    axes.set_title(f"Training: points measured, up to {most} cores; dashes the model's")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(f"{path}.svg")
