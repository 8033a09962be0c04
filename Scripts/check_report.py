"""Pages of real runs in a browser, held against what `ptrain eval` says about the same pixels."""

import gzip
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from chromium import Chromium
from report_runs import ROOT, eval_logits, make_runs
from report_samples import STROKES, colour_images

PICTURES = ROOT / ".build/report"
PYTORCH = Path(os.environ.get("PTRAIN_PYTHON") or ROOT / "Bench/.venv-interchange/bin/python")
TOLERANCE = 1e-4
PAGE_BYTE_LIMIT = 3_000_000
WIDTHS, SCHEMES = (1280, 360), ("light", "dark")


def say(text):
    print(f"Scripts/check-report: {text}", flush=True)


class Checks:
    def __init__(self):
        self.failures = []

    def that(self, holds, text):
        if not holds:
            self.failures.append(text)
            say(f"FAILED: {text}")


def largest_difference(a, b):
    return max(
        abs(x - y)
        for row, other in zip(a, b, strict=False)
        for x, y in zip(row, other, strict=False)
    )


def open_page(browser, run, checks, width=1280, scheme="light"):
    url = (run / "report.html").resolve().as_uri()
    browser.set_view(width, scheme)
    browser.open(url)
    browser.evaluate("new Promise((done) => setTimeout(done, 150))")
    for fault in browser.faults(url):
        checks.that(False, f"{run.name}, {width} px: {fault}")


def check_looks(browser, run, checks):
    size = (run / "report.html").stat().st_size
    checks.that(size < PAGE_BYTE_LIMIT, f"{run.name}: the page has {size} bytes")
    for width in WIDTHS:
        for scheme in SCHEMES:
            open_page(browser, run, checks, width, scheme)
            across = browser.evaluate("document.documentElement.scrollWidth")
            checks.that(across <= width, f"{run.name}: {across} px wide in a window of {width}")
            browser.screenshot(PICTURES / f"{run.name}-{width}-{scheme}.png")
    say(f"{run.name}: {size / 1000:.0f} kB, pictures in {PICTURES.relative_to(ROOT)}")


def check_answers(browser, run, pixels, expected, checks):
    """Pixels through the page's own function."""
    answers = [browser.evaluate(f"ptrain.setPixels({list(image)})") for image in pixels]
    difference = largest_difference(answers, expected)
    checks.that(difference <= TOLERANCE, f"{run.name}: logits differ by {difference:.2e}")
    say(f"{run.name}: {len(pixels)} images, logits differ by at most {difference:.1e}")


def draw(browser, strokes):
    """Strokes of the mouse over the board."""
    browser.evaluate(
        "ptrain.field.clear(); ptrain.field.board.canvas.scrollIntoView({block: 'center'})"
    )
    box = browser.evaluate(
        "(({x, y, width, height}) => [x, y, width, height])"
        "(ptrain.field.board.canvas.getBoundingClientRect())"
    )
    for stroke in strokes:
        places = [(box[0] + x * box[2], box[1] + y * box[3]) for x, y in stroke]
        browser.mouse("mousePressed", *places[0])
        for (x0, y0), (x1, y1) in zip(places, places[1:], strict=False):
            for step in range(1, 5):
                browser.mouse("mouseMoved", x0 + (x1 - x0) * step / 4, y0 + (y1 - y0) * step / 4)
        browser.mouse("mouseReleased", *places[-1])


def check_drawings(browser, run, folder, checks):
    """Drawn digits: answered as `eval` answers the pixels that the page made of them."""
    pixels, answers = [], []
    for strokes in STROKES:
        draw(browser, strokes)
        pixels.append(browser.evaluate("Array.from(ptrain.field.pixels)"))
        answers.append(browser.evaluate("ptrain.field.update()"))
    difference = largest_difference(answers, eval_logits(run, pixels, [28, 28], folder))
    checks.that(
        difference <= TOLERANCE, f"{run.name}: logits of drawings differ by {difference:.2e}"
    )
    right = sum(max(range(10), key=row.__getitem__) == digit for digit, row in enumerate(answers))
    checks.that(right >= 8, f"{run.name}: {right} of 10 drawn digits are recognised")
    say(
        f"{run.name}: {right} of 10 drawn digits recognised, logits differ by at most "
        f"{difference:.1e}"
    )
    browser.screenshot(PICTURES / f"{run.name}-drawn.png", whole=False)


def check_picture(browser, run, checks):
    """A picture file of a 7 in dark ink on paper, no square: inverted, centred and recognised."""
    browser.evaluate("""(async () => {
      const canvas = new OffscreenCanvas(300, 200), context = canvas.getContext("2d");
      Object.assign(context, { fillStyle: "#f2efe6", strokeStyle: "#223" });
      Object.assign(context, { lineWidth: 9, lineCap: "round" });
      context.fillRect(0, 0, 300, 200);
      for (const [x, y] of [[40, 30], [100, 30], [65, 130]]) context.lineTo(x, y);
      context.stroke();
      const file = new File([await canvas.convertToBlob()], "seven.png");
      await ptrain.field.take(file);
      await new Promise((done) => setTimeout(done, 100));
    })()""")
    answer = browser.evaluate("ptrain.field.answer.textContent")
    checks.that(
        browser.evaluate("ptrain.field.isInverted.checked"), f"{run.name}: paper is not inverted"
    )
    checks.that(answer.startswith("7 "), f"{run.name}: a picture of a 7 is answered {answer!r}")
    browser.evaluate("ptrain.field.take(new File(['no picture'], 'text.png'))")
    browser.wait_for("ptrain.field.answer.textContent.startsWith('text.png: no picture')")


def check_keyboard(browser, run, checks):
    """A curve's values by arrow keys, a stroke without a pointer, the theme."""
    browser.evaluate("document.querySelector('svg.plot').focus()")
    browser.key("Home")
    text = browser.evaluate("document.querySelector('svg.plot').getAttribute('aria-valuetext')")
    checks.that("Epoch 1: training" in text, f"{run.name}: arrow keys on a curve read {text!r}")
    browser.evaluate("ptrain.field.clear(); ptrain.field.board.canvas.focus()")
    for key in [" ", *["ArrowDown"] * 8, " "]:
        browser.key(key)
    checks.that(
        browser.evaluate("ptrain.field.pixels.some((value) => value > 200)"),
        f"{run.name}: arrow keys draw nothing",
    )
    browser.evaluate("document.getElementById('theme').click()")
    theme = browser.evaluate("document.documentElement.dataset.theme")
    checks.that(theme == "light", f"{run.name}: the first click on the theme gives {theme!r}")
    browser.evaluate("localStorage.clear(); sessionStorage.clear()")


def check_reload(browser, run, checks):
    """A run that goes on: its page reads itself again and keeps what was drawn."""
    page = run / "report.html"
    whole = page.read_text()
    head = json.loads(whole.split('id="run-data">')[1].split("</script>")[0])
    going = whole.replace('"state":"finished"', '"state":"running"', 1)
    page.write_text(
        going.replace(
            f'"writtenAt":{head["writtenAt"]}', f'"writtenAt":{int(time.time())}', 1
        ).replace(f'"secondsPerEpoch":{head["secondsPerEpoch"]}', '"secondsPerEpoch":1', 1)
    )
    open_page(browser, run, checks)
    draw(browser, STROKES[7])
    before = browser.evaluate("window.isOld = true; Array.from(ptrain.field.pixels)")
    page.write_text(whole)
    browser.wait_for("!window.isOld && document.readyState === 'complete'")
    browser.wait_for("!ptrain.field.board.isEmpty")
    checks.that(
        browser.evaluate("ptrain.run.state") == "finished", f"{run.name}: was not read again"
    )
    after = browser.evaluate("Array.from(ptrain.field.pixels)")
    checks.that(before == after, f"{run.name}: a reload changes what was drawn")
    browser.evaluate("sessionStorage.clear()")


def check_torch(browser, run, pixels, expected, checks):
    """The PyTorch function in the page, run."""
    if not PYTORCH.exists():
        say(
            "NOT CHECKED: the page's PyTorch function; Bench/setup-pytorch interchange installs "
            "PyTorch"
        )
        return
    code = browser.evaluate(
        "ptrain.run.commands.find(({ title }) => title.includes('PyTorch')).code"
    )
    function = code.replace("from PIL import Image\n", "").split("\n\n\npicture =")[0]
    shape = browser.evaluate("ptrain.run.network.input")
    tail = f"""
import json, sys
images = torch.tensor(json.load(sys.stdin), dtype=torch.float32)
images = images.reshape(-1, {shape[1]}, {shape[2]}, {shape[0]})
print(json.dumps(logits(images.permute(0, 3, 1, 2)).tolist()))
"""
    output = subprocess.run(
        [PYTORCH, "-c", function + tail],
        check=True,
        capture_output=True,
        text=True,
        input=json.dumps([list(image) for image in pixels]),
    ).stdout
    difference = largest_difference(json.loads(output), expected)
    checks.that(difference <= TOLERANCE, f"{run.name}: PyTorch's logits differ by {difference:.2e}")
    say(f"{run.name}: the page's PyTorch function differs by at most {difference:.1e}")


def main():
    shutil.rmtree(PICTURES, ignore_errors=True)
    PICTURES.mkdir(parents=True)
    folder = PICTURES / "runs"
    folder.mkdir()
    checks, start = Checks(), time.monotonic()
    make_runs(folder)
    say(f"runs made in {time.monotonic() - start:.1f} s")
    images = (Path(os.environ["PTRAIN_DATA"]) / "t10k-images-idx3-ubyte.gz").read_bytes()
    images = gzip.decompress(images)[16:]
    digits = [images[784 * k : 784 * (k + 1)] for k in range(10)]
    browser = Chromium()
    try:
        discs = colour_images(100)[0][:10]
        for name, pixels, shape in (
            ("compact", digits, [28, 28]),
            ("layers", digits, [28, 28]),
            ("resnet8", discs, [3, 32, 32]),
        ):
            run = folder / name
            expected = eval_logits(run, pixels, shape, folder / "pixels")
            check_looks(browser, run, checks)
            open_page(browser, run, checks)
            check_answers(browser, run, pixels, expected, checks)
            check_torch(browser, run, pixels, expected, checks)
        open_page(browser, folder / "compact", checks)
        check_drawings(browser, folder / "compact", folder / "pixels", checks)
        check_picture(browser, folder / "compact", checks)
        check_keyboard(browser, folder / "compact", checks)
        check_reload(browser, folder / "compact", checks)
    finally:
        browser.close()
    say(f"{len(checks.failures)} failures, {time.monotonic() - start:.1f} s")
    return 1 if checks.failures else 0


if __name__ == "__main__":
    sys.exit(main())
