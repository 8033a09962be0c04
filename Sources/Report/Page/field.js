// The field in which the network answers: drawing, a picture that was dropped or pasted, or pixels as
// they are. All roads lead to the network's own pixels, which are shown beside the answer.

class Field {
  constructor(network, classes, prepares) {
    Object.assign(this, { network, classes });
    this.isGrey = network.channels === 1;
    /// Pixels that are taken as they are; null: the board's are prepared.
    this.exact = null;
    this.board = new Board(network, !this.isGrey, () => this.drawn());
    this.centred = html("input", { type: "checkbox", checked: prepares, onchange: () => this.drawn() });
    this.isInverted = html("input", { type: "checkbox", onchange: () => this.drawn() });
    this.preview = html("canvas", {
      width: network.width, height: network.height, class: "pixels preview", role: "img",
      "aria-label": "The pixels that the network sees",
    });
    this.answer = html("p", { class: "answer", role: "status", "aria-live": "polite" });
    this.bars = html("ol", { class: "answers" });
    this.element = html("div", { class: "field" }, this.left, this.middle, this.right);
    for (const type of ["dragenter", "dragover"]) {
      this.element.addEventListener(type, (event) => { event.preventDefault(); this.element.classList.add("over"); });
    }
    this.element.addEventListener("dragleave", () => this.element.classList.remove("over"));
    this.element.addEventListener("drop", (event) => this.dropped(event));
    document.addEventListener("paste", (event) => this.take(event.clipboardData.files[0]));
    this.restore();
    this.update();
  }

  get left() {
    const file = html("input", {
      type: "file", accept: "image/*", class: "unseen", tabindex: -1, "aria-hidden": "true",
      onchange: () => { this.take(file.files[0]); file.value = ""; },
    });
    const colour = this.isGrey ? null : html("label", {}, html("input", {
      type: "color", value: this.board.ink, onchange: (event) => { this.board.ink = event.target.value; },
    }), "pen");
    return html("div", { class: "draw" }, this.board.element,
      html("div", { class: "buttons" },
        html("button", { type: "button", onclick: () => this.clear() }, "Clear"),
        html("button", { type: "button", onclick: () => file.click() }, "Choose a picture…"), file, colour));
  }

  get middle() {
    const { width, height } = this.network;
    return html("div", { class: "seen" }, html("h3", {}, "What the network sees"), this.preview,
      html("p", { class: "size" }, `${width} x ${height}, ${this.isGrey ? "grey" : "colour"}`),
      this.isGrey ? [
        html("label", {}, this.centred, "prepared as MNIST’s digits"),
        html("label", {}, this.isInverted, "inverted"),
      ] : null);
  }

  get right() {
    return html("div", { class: "says" }, html("h3", {}, "Its answer"), this.answer, this.bars);
  }

  clear() {
    this.exact = null;
    this.board.clear();
    this.isInverted.checked = false;
    this.drawn();
  }

  drawn() {
    this.exact = null;
    if (this.isWaiting) return;
    this.isWaiting = true;
    requestAnimationFrame(() => {
      this.isWaiting = false;
      this.update();
      this.keep();
    });
  }

  dropped(event) {
    event.preventDefault();
    this.element.classList.remove("over");
    this.take(event.dataTransfer.files[0]);
  }

  async take(file) {
    if (!file) return;
    try {
      const image = await createImageBitmap(file);
      this.exact = null;
      const edge = this.board.drawImage(image);
      // Ink on paper, where MNIST has chalk on a board.
      if (this.isGrey) this.isInverted.checked = this.centred.checked && greyOf(edge) > 127.5;
      this.drawn();
    } catch {
      this.answer.textContent = `${file.name}: no picture that this browser reads`;
    }
  }

  /// Takes bytes `[H, W, C]` as the network's pixels and returns its logits.
  setPixels(bytes) {
    this.board.clear();
    this.exact = Uint8Array.from(bytes);
    return this.update();
  }

  /// What the board's picture becomes for the network, bytes `[H, W, C]`.
  get pixels() {
    if (this.exact) return this.exact;
    const { width, height, channels } = this.network;
    let picture = pictureOf(this.board.pixels, channels);
    if (this.isInverted.checked) picture = inverted(picture);
    return asBytes(this.isGrey && this.centred.checked
      ? centredDigit(picture, width, height) : resample(picture, wholeBox(picture), width, height));
  }

  update() {
    const { pixels } = this;
    const logits = this.network.logits(pixels);
    this.showPixels(pixels);
    this.showAnswer(softmax(logits), this.board.isEmpty && !this.exact);
    return logits;
  }

  showPixels(pixels) {
    const { width, height, channels } = this.network;
    const context = this.preview.getContext("2d");
    const image = context.createImageData(width, height);
    for (let place = 0; place < width * height; place += 1) {
      for (let part = 0; part < 3; part += 1) {
        image.data[4 * place + part] = pixels[place * channels + (channels === 1 ? 0 : part)];
      }
      image.data[4 * place + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }

  showAnswer(shares, isEmpty) {
    const order = shares.map((_, index) => index).sort((a, b) => shares[b] - shares[a] || a - b);
    this.answer.replaceChildren(...(isEmpty ? ["Draw something."] : [
      html("b", {}, this.classes[order[0]]), ` ${percent(100 * shares[order[0]], 1)}`]));
    const inOrder = shares.map((_, index) => index);
    const shown = shares.length <= 10 ? inOrder : (isEmpty ? inOrder : order).slice(0, 6);
    this.bars.replaceChildren(...shown.map((index) => html(
      "li", { class: !isEmpty && index === order[0] && "first" },
      html("span", { class: "class-name", title: this.classes[index] }, this.classes[index]),
      html("span", { class: "meter", style: `--share:${isEmpty ? 0 : shares[index].toFixed(4)}`, "aria-hidden": "true" }),
      html("span", { class: "number" }, isEmpty ? "–" : percent(100 * shares[index], 1)))));
  }

  // What was drawn outlives the reloads of a run that goes on.

  keep() {
    memory.set("sessionStorage", "drawing", this.board.isEmpty ? "" : this.board.canvas.toDataURL());
    memory.set("sessionStorage", "inverted", this.isInverted.checked ? "1" : "");
    memory.set("sessionStorage", "centred", this.centred.checked ? "1" : "0");
  }

  restore() {
    const drawing = memory.get("sessionStorage", "drawing");
    const centred = memory.get("sessionStorage", "centred");
    if (centred) this.centred.checked = centred === "1";
    this.isInverted.checked = memory.get("sessionStorage", "inverted") === "1";
    if (!drawing) return;
    const image = new Image();
    image.onload = () => {
      this.board.drawImage(image);
      this.update();
    };
    image.src = drawing;
  }
}

/// The field, or the reason why there is none.
function showField({ network, classes, preparesDigits }) {
  if (!network.weights) {
    hintOf("try").textContent = network.absence;
    return null;
  }
  const field = new Field(makeNetwork(network), classes, preparesDigits);
  hintOf("try").textContent =
    `${field.isGrey ? "Draw, or drop or paste a picture" : "Drop or paste a picture, or draw"}`
    + ": the trained network, which is in this page, answers at once. Nothing leaves the page.";
  bodyOf("try").append(field.element);
  return field;
}
