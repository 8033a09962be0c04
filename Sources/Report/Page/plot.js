// Line plots of a run's epochs. Series differ by marker and dashes, not by colour alone; one cursor moves
// through all plots, by pointer or keyboard, and each tells the values under it.

const plotHeight = 208;
const plotMargin = { left: 46, right: 14, top: 10, bottom: 30 };

const markers = {
  training: (x, y) => svg("circle", { cx: x, cy: y, r: 2.6 }),
  test: (x, y) => svg("rect", { x: x - 2.6, y: y - 2.6, width: 5.2, height: 5.2 }),
  validation: (x, y) => svg("path", { d: `M${x} ${y - 3.6}l3.6 6.2h-7.2z` }),
  rate: (x, y) => svg("circle", { cx: x, cy: y, r: 2.2 }),
};

/// The epoch that all plots show, by its place in the run; null: none.
const cursor = {
  index: null,
  listeners: [],
  move(index) {
    this.index = index;
    for (const listener of this.listeners) listener(index);
  },
};

/// `plot` is `{ title, series: [{ name, kind, values }], scale, format }`; places of values are epochs'.
class Plot {
  constructor(plot, epochs, resumes) {
    Object.assign(this, plot, { epochs, resumes });
    this.series = plot.series.filter(({ values }) => values.some(isNumber));
    this.readout = html("output", { class: "readout" });
    this.svg = svg("svg", {
      class: "plot", height: plotHeight, tabindex: 0, role: "slider", "aria-label": `${plot.title} by epoch`,
      "aria-valuemin": epochs[0], "aria-valuemax": epochs.at(-1), "aria-valuenow": epochs.at(-1),
      onpointermove: (event) => cursor.move(this.indexAt(event)),
      onpointerdown: (event) => cursor.move(this.indexAt(event)),
      onpointerleave: () => cursor.move(null),
      onfocus: () => cursor.move(cursor.index ?? this.epochs.length - 1),
      onblur: () => cursor.move(null),
      onkeydown: (event) => this.key(event),
    });
    this.element = html(
      "figure", { class: "panel" },
      html("figcaption", {}, html("strong", {}, plot.title), html("span", { class: "scale" })),
      html("div", { class: "legend" }, this.series.map((series) => this.legend(series))),
      this.svg, this.readout);
    cursor.listeners.push((index) => this.show(index));
  }

  legend({ name, kind }) {
    const line = svg("path", { d: "M0 7H28", class: `line ${kind}` });
    const sample = svg("svg", { width: 28, height: 14, "aria-hidden": "true" }, line,
      svg("g", { class: `mark ${kind}` }, markers[kind](14, 7)));
    return html("span", { class: "key" }, sample, name);
  }

  x(index) {
    const inner = this.width - plotMargin.left - plotMargin.right;
    const [first, last] = [this.epochs[0], this.epochs.at(-1)];
    const share = first === last ? 0.5 : (this.epochs[index] - first) / (last - first);
    return plotMargin.left + share * inner;
  }

  y(value) {
    const inner = plotHeight - plotMargin.top - plotMargin.bottom;
    return plotMargin.top + (1 - this.axis.place(value)) * inner;
  }

  draw(width) {
    this.width = width;
    const values = this.series.flatMap((series) => series.values.filter(isNumber));
    this.axis = this.scale(values);
    this.element.querySelector(".scale").textContent = this.axis.isLog ? "logarithmic" : "";
    this.cursorLine = svg("path", { class: "cursor" });
    this.dots = svg("g", { class: "dots" });
    this.svg.setAttribute("width", width);
    this.svg.setAttribute("viewBox", `0 0 ${width} ${plotHeight}`);
    this.svg.replaceChildren(
      ...this.grid(), ...this.series.flatMap((series) => this.line(series)), this.cursorLine, this.dots);
    this.show(cursor.index);
  }

  grid() {
    const right = this.width - plotMargin.right;
    const bottom = plotHeight - plotMargin.bottom;
    const lines = this.axis.ticks.map((tick) => {
      const y = this.y(tick);
      return [
        svg("path", { class: "rule", d: `M${plotMargin.left} ${y}H${right}` }),
        svg("text", { class: "tick", x: plotMargin.left - 7, y: y + 4, "text-anchor": "end" }, short(tick)),
      ];
    });
    const count = Math.max(2, Math.floor((right - plotMargin.left) / 44));
    const epochs = epochTicks(this.epochs[0], this.epochs.at(-1), count).map((epoch) => {
      const index = this.epochs.indexOf(epoch);
      return index < 0 ? [] : svg(
        "text", { class: "tick", x: this.x(index), y: bottom + 19, "text-anchor": "middle" }, String(epoch));
    });
    const resumes = this.resumes.map((epoch) => {
      const index = this.epochs.indexOf(epoch);
      return index < 1 ? [] : svg(
        "path", { class: "resume", d: `M${this.x(index)} ${plotMargin.top}V${bottom}` });
    });
    const base = svg("path", { class: "base", d: `M${plotMargin.left} ${bottom}H${right}` });
    return [...lines.flat(), base, ...resumes.flat(), ...epochs.flat()];
  }

  line({ kind, values }) {
    let path = "";
    let isOpen = false;
    values.forEach((value, index) => {
      if (isNumber(value)) path += `${isOpen ? "L" : "M"}${this.x(index).toFixed(1)} ${this.y(value).toFixed(1)}`;
      isOpen = isNumber(value);
    });
    const every = Math.ceil(values.length / (this.width / 18));
    const marks = values.flatMap((value, index) =>
      isNumber(value) && (values.length - 1 - index) % every === 0
        ? [markers[kind](this.x(index), this.y(value))] : []);
    return [svg("path", { class: `line ${kind}`, d: path }), svg("g", { class: `mark ${kind}` }, marks)];
  }

  indexAt(event) {
    const x = event.clientX - this.svg.getBoundingClientRect().left;
    let best = 0;
    this.epochs.forEach((_, index) => {
      if (Math.abs(this.x(index) - x) < Math.abs(this.x(best) - x)) best = index;
    });
    return best;
  }

  key(event) {
    const last = this.epochs.length - 1;
    const from = cursor.index ?? last;
    const targets = {
      ArrowLeft: from - 1, ArrowDown: from - 1, ArrowRight: from + 1, ArrowUp: from + 1,
      PageUp: from + 10, PageDown: from - 10, Home: 0, End: last,
    };
    if (event.key === "Escape") this.svg.blur();
    if (!(event.key in targets)) return;
    event.preventDefault();
    cursor.move(Math.min(last, Math.max(0, targets[event.key])));
  }

  text(index) {
    const values = this.series.map(({ name, values: of }) => `${name.toLowerCase()} ${this.format(of[index])}`);
    return `Epoch ${this.epochs[index]}: ${values.join(", ")}`;
  }

  show(index) {
    const shown = index ?? this.epochs.length - 1;
    this.readout.textContent = this.text(shown);
    this.readout.classList.toggle("active", index !== null);
    this.svg.setAttribute("aria-valuenow", this.epochs[shown]);
    this.svg.setAttribute("aria-valuetext", this.text(shown));
    if (!this.cursorLine) return;
    const bottom = plotHeight - plotMargin.bottom;
    this.cursorLine.setAttribute(
      "d", index === null ? "" : `M${this.x(index)} ${plotMargin.top}V${bottom}`);
    this.dots.replaceChildren(...(index === null ? [] : this.series.flatMap(({ kind, values }) =>
      isNumber(values[index])
        ? [svg("circle", { class: `dot ${kind}`, cx: this.x(index), cy: this.y(values[index]), r: 4.5 })] : [])));
  }
}

function showCurves({ epochs, resumes }) {
  if (epochs.epoch.length === 0) return removeSection("curves");
  const series = (name, kind, values) => ({ name, kind, values });
  const plots = [
    {
      title: "Loss", scale: quantityScale, format: (value) => fixed(value, 4),
      series: [
        series("Training", "training", epochs.trainLoss), series("Test", "test", epochs.testLoss),
        series("Validation", "validation", epochs.validationLoss),
      ],
    },
    {
      title: "Accuracy, %", scale: accuracyScale, format: (value) => percent(value),
      series: [
        series("Training", "training", epochs.trainAccuracy), series("Test", "test", epochs.testAccuracy),
        series("Validation", "validation", epochs.validationAccuracy),
      ],
    },
    {
      title: "Learning rate", scale: linearScale, format: short,
      series: [series("Rate at the epoch’s end", "rate", epochs.rate)],
    },
  ].map((plot) => new Plot(plot, epochs.epoch, resumes)).filter((plot) => plot.series.length > 0);
  const row = document.querySelector(".plots");
  row.append(...plots.map((plot) => plot.element));
  const draw = () => {
    for (const plot of plots) {
      const width = Math.floor(plot.element.clientWidth - 2);
      if (width > 0 && width !== plot.width) plot.draw(width);
    }
  };
  draw();
  new ResizeObserver(draw).observe(row);
  const notes = ["Training values are of the images as they were seen, with dropout and augmentation."];
  if (resumes.length > 0) notes.push("A dotted upright line: the run was resumed in that epoch.");
  document.querySelector("#curves .note").textContent = notes.join(" ");
}
