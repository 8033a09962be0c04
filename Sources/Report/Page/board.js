// A board to draw on: by pointer, or by keyboard with a pen that arrow keys move.

const boardSide = 280;

class Board {
  /// `size` is the network's input; `isColour` decides ground and pen. `changed` is called after strokes.
  constructor({ width, height }, isColour, changed) {
    const scale = boardSide / Math.max(width, height);
    this.ground = isColour ? "#ffffff" : "#000000";
    this.ink = isColour ? "#c0392b" : "#ffffff";
    this.changed = changed;
    this.penWidth = Math.max(6, (scale * Math.max(width, height)) / 14);
    this.canvas = html("canvas", {
      width: Math.round(width * scale), height: Math.round(height * scale), class: "board", tabindex: 0, role: "img",
      "aria-label": "Drawing board. Arrow keys move the pen, Space lowers and lifts it, Delete clears.",
      onpointerdown: (event) => this.start(event), onpointermove: (event) => this.move(event),
      onpointerup: () => this.lift(), onpointercancel: () => this.lift(),
      onkeydown: (event) => this.key(event), onblur: () => this.showPen(false), onfocus: () => this.showPen(true),
    });
    this.pen = html("span", { class: "pen", hidden: true });
    this.element = html("div", { class: "board-frame" }, this.canvas, this.pen);
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.place = { x: this.canvas.width / 2, y: this.canvas.height / 2 };
    this.isDown = false;
    this.clear();
  }

  clear() {
    this.context.fillStyle = this.ground;
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.isEmpty = true;
  }

  /// Draws a picture, on white where it is transparent, over the whole board in its proportions; the rest
  /// becomes as the picture's edge, whose colour is returned.
  drawImage(image) {
    const { width, height } = this.canvas;
    const scale = Math.min(width / image.width, height / image.height);
    const part = html("canvas", {
      width: Math.max(1, Math.round(image.width * scale)), height: Math.max(1, Math.round(image.height * scale)),
    });
    const context = part.getContext("2d");
    Object.assign(context, { fillStyle: "#ffffff", imageSmoothingQuality: "high" });
    context.fillRect(0, 0, part.width, part.height);
    context.drawImage(image, 0, 0, part.width, part.height);
    const edge = edgeMean(pictureOf(context.getImageData(0, 0, part.width, part.height), 3));
    this.context.fillStyle = `rgb(${edge.map(Math.round).join(" ")})`;
    this.context.fillRect(0, 0, width, height);
    this.context.drawImage(part, Math.floor((width - part.width) / 2), Math.floor((height - part.height) / 2));
    this.isEmpty = false;
    return edge;
  }

  get pixels() { return this.context.getImageData(0, 0, this.canvas.width, this.canvas.height); }

  at(event) {
    const box = this.canvas.getBoundingClientRect();
    return {
      x: ((event.clientX - box.left) / box.width) * this.canvas.width,
      y: ((event.clientY - box.top) / box.height) * this.canvas.height,
    };
  }

  start(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.isDown = true;
    this.place = this.at(event);
    this.stroke(this.place);
  }

  move(event) {
    if (!this.isDown || event.buttons === 0) return;
    for (const part of event.getCoalescedEvents?.() ?? [event]) this.stroke(this.at(part));
  }

  lift() {
    this.isDown = false;
  }

  stroke(to) {
    const { context } = this;
    Object.assign(context, { strokeStyle: this.ink, lineWidth: this.penWidth, lineCap: "round", lineJoin: "round" });
    context.beginPath();
    context.moveTo(this.place.x, this.place.y);
    context.lineTo(to.x + 0.01, to.y);
    context.stroke();
    this.place = to;
    this.isEmpty = false;
    this.changed();
  }

  key(event) {
    const step = event.shiftKey ? 2 : 10;
    const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
    if (event.key === " ") {
      this.isDown = !this.isDown;
      if (this.isDown) this.stroke(this.place);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.clear();
      this.changed();
    } else if (event.key in moves) {
      const [x, y] = moves[event.key];
      const to = {
        x: Math.min(this.canvas.width, Math.max(0, this.place.x + x)),
        y: Math.min(this.canvas.height, Math.max(0, this.place.y + y)),
      };
      if (this.isDown) this.stroke(to);
      else this.place = to;
    } else return;
    event.preventDefault();
    this.showPen(true);
  }

  /// The pen's place while the board has the keyboard.
  showPen(isShown) {
    if (!isShown) this.isDown = false;
    this.pen.hidden = !isShown || !this.canvas.matches(":focus-visible");
    this.pen.classList.toggle("down", this.isDown);
    this.pen.style.left = `${(100 * this.place.x) / this.canvas.width}%`;
    this.pen.style.top = `${(100 * this.place.y) / this.canvas.height}%`;
  }
}
