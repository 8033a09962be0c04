// What is read and not played with: key figures, tables, the confusion matrix, pictures, commands.

const numberCell = (text, attributes) => html("td", { class: "number", ...attributes }, text);

function table(heads, rows, attributes) {
  const head = heads.map(([text, isNumeric]) => html("th", { scope: "col", class: isNumeric && "number" }, text));
  return html("table", attributes, html("thead", {}, html("tr", {}, head)), html("tbody", {}, rows));
}

const scrolling = (label, isTall, content) =>
  html("div", { class: `scroll${isTall ? " tall" : ""}`, tabindex: 0, role: "region", "aria-label": label }, content);

function showFigures(figures) {
  byId("figures").append(...figures.map(({ name, value, note }) =>
    html("div", {}, html("dt", {}, name), html("dd", {}, value, note && html("small", {}, note)))));
}

function showEpochTable({ epochs }) {
  const details = document.querySelector("#curves details");
  if (!details) return;
  const hasValidation = epochs.validationLoss.some(isNumber);
  const columns = [
    ["Rate", epochs.rate, short], ["Training loss", epochs.trainLoss, (v) => fixed(v, 4)],
    ["Training %", epochs.trainAccuracy, (v) => fixed(v, 2)],
    ...(hasValidation ? [
      ["Validation loss", epochs.validationLoss, (v) => fixed(v, 4)],
      ["Validation %", epochs.validationAccuracy, (v) => fixed(v, 2)],
    ] : []),
    ["Test loss", epochs.testLoss, (v) => fixed(v, 4)], ["Test %", epochs.testAccuracy, (v) => fixed(v, 2)],
    ["Seconds", epochs.seconds, (v) => fixed(v, 2)],
    ["Images/s", epochs.imagesPerSecond, (v) => (isNumber(v) ? grouped(v) : "–")],
  ];
  const rows = epochs.epoch.map((epoch, index) => html("tr", {}, html("th", { scope: "row", class: "number" }, String(epoch)),
    columns.map(([, values, format]) => numberCell(format(values[index])))));
  details.querySelector("div").append(table([["Epoch", true], ...columns.map(([name]) => [name, true])], rows));
}

function showFacts(groups) {
  bodyOf("run").append(...groups.map(({ title, facts }) =>
    html("div", {}, html("h3", {}, title), html("dl", {}, facts.map(([name, value]) =>
      html("div", {}, html("dt", {}, name), html("dd", {}, value)))))));
}

function showLayers({ rows, totals }) {
  const body = rows.map(({ title, shape, parameters }) => html("tr", {},
    html("th", { scope: "row" }, title), numberCell(shape), numberCell(parameters)));
  const foot = html("tfoot", {}, totals.map(([name, value]) =>
    html("tr", {}, html("th", { scope: "row", colspan: 2 }, name), numberCell(value))));
  const whole = table([["Layer (type)"], ["Output shape", true], ["Parameters", true]], body);
  whole.append(foot);
  bodyOf("layers").append(scrolling("Layers", rows.length > 30, whole));
}

/// Names of many layers or long ones are cut, and told whole on pointing.
const shortName = (name, length) => (name.length > length ? `${name.slice(0, length - 1)}…` : name);

function matrixTable(classes, matrix) {
  const size = matrix.map((row) => row.reduce((a, b) => a + b, 0));
  const worst = Math.max(1, ...matrix.flatMap((row, i) => row.filter((_, j) => i !== j)));
  const isNarrow = classes.every((name) => name.length <= 2);
  const head = html("tr", {}, html("td", {}), classes.map((name) =>
    html("th", { scope: "col", title: name }, html("span", {}, shortName(name, 14)))));
  const rows = matrix.map((row, i) => html("tr", {}, html("th", { scope: "row", title: classes[i] }, shortName(classes[i], 14)),
    row.map((count, j) => {
      const shade = i === j ? 0.08 + 0.3 * (count / Math.max(1, size[i])) : count === 0 ? 0 : 0.12 + 0.5 * Math.sqrt(count / worst);
      return html("td", {
        class: i === j ? "right" : count > 0 ? "wrong" : "none", style: `--shade:${shade.toFixed(3)}`,
        title: `${classes[i]} taken for ${classes[j]}: ${count}`,
      }, count === 0 ? "·" : String(count));
    })));
  return html("table", { class: `matrix${isNarrow ? " narrow" : ""}` },
    html("caption", { class: "unseen" }, "Rows: the true class. Columns: the network’s answer."),
    html("thead", {}, head), html("tbody", {}, rows));
}

/// Too many classes for numbers: a shade a cell, the numbers under the pointer.
function matrixPicture(classes, matrix) {
  const worst = Math.max(1, ...matrix.flatMap((row, i) => row.filter((_, j) => i !== j)));
  const bytes = new Uint8Array(matrix.length ** 2 * 3).fill(255);
  matrix.forEach((row, i) => row.forEach((count, j) => {
    if (count === 0) return;
    const level = i === j ? 90 : Math.round(200 * (1 - Math.sqrt(count / worst)));
    bytes.set([level, level, level], 3 * (i * matrix.length + j));
  }));
  const readout = html("output", { class: "readout" }, "Point at a cell for its numbers.");
  const image = pictureElement({ width: matrix.length, height: matrix.length, channels: 3, bytes },
    `Confusion matrix of ${classes.length} classes; darker: more images.`);
  image.classList.add("matrix-picture");
  image.addEventListener("pointermove", (event) => {
    const box = image.getBoundingClientRect();
    const at = (position, start, length) =>
      Math.min(classes.length - 1, Math.max(0, Math.floor(((position - start) / length) * classes.length)));
    const [i, j] = [at(event.clientY, box.top, box.height), at(event.clientX, box.left, box.width)];
    readout.textContent = `${classes[i]} taken for ${classes[j]}: ${matrix[i][j]}`;
  });
  return [image, readout];
}

function frequentConfusions(classes, matrix) {
  const pairs = matrix.flatMap((row, i) => row.map((count, j) => ({ count, i, j })))
    .filter(({ count, i, j }) => count > 0 && i !== j)
    .sort((a, b) => b.count - a.count || a.i - b.i || a.j - b.j).slice(0, 10);
  if (pairs.length === 0) return html("p", {}, "No test image was taken for another class.");
  const rows = pairs.map(({ count, i, j }) => html("tr", {},
    html("td", {}, classes[i]), html("td", {}, classes[j]), numberCell(String(count))));
  return table([["Class"], ["Taken for"], ["Images", true]], rows, { class: "compact" });
}

function showConfusion({ classes, confusion }) {
  if (!confusion) return removeSection("confusion");
  const isSmall = classes.length <= 20;
  bodyOf("confusion").append(
    html("div", { class: "beside" },
      isSmall ? scrolling("Confusion matrix", false, matrixTable(classes, confusion))
        : html("div", { class: "matrix-frame" }, matrixPicture(classes, confusion)),
      html("div", {}, html("h3", {}, "Most frequent confusions"), frequentConfusions(classes, confusion))));
}

function showClasses({ classes, confusion }) {
  if (!confusion) return removeSection("classes");
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  const of = (part, whole) => (whole > 0 ? (100 * part) / whole : null);
  const all = classes.map((name, i) => {
    const [right, count, named] = [confusion[i][i], sum(confusion[i]), sum(confusion.map((row) => row[i]))];
    return { name, right, count, recall: of(right, count), precision: of(right, named), f1: of(2 * right, count + named) };
  });
  const lowest = Math.min(...all.map(({ recall }) => recall ?? 100));
  const floor = [99, 98, 95, 90, 80, 50, 0].find((value) => value < lowest || value === 0);
  const rows = all.map(({ name, right, count, recall, precision, f1 }) => html("tr", {},
    html("th", { scope: "row" }, name), numberCell(grouped(count)), numberCell(grouped(count - right)),
    numberCell(fixed(recall, 2)), numberCell(fixed(precision, 2)), numberCell(fixed(f1, 2)),
    html("td", { class: "bar-cell" }, recall === null ? "" : html("span", {
      class: "meter", style: `--share:${Math.max(0, (recall - floor) / (100 - floor)).toFixed(4)}`, "aria-hidden": "true",
    }))));
  bodyOf("classes").append(scrolling("Accuracy by class", rows.length > 30, table(
    [["Class"], ["Images", true], ["Wrong", true], ["Recall %", true], ["Precision %", true], ["F1 %", true],
      [`Recall from ${floor} to 100 %`]], rows, { class: "classes" })));
}

/// Bytes `[H, W, C]` as an image element.
function pictureElement({ width, height, channels, bytes }, label) {
  const canvas = html("canvas", { width, height });
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let place = 0; place < width * height; place += 1) {
    const pixel = channels === 1 ? Array(3).fill(bytes[place]) : bytes.subarray(3 * place, 3 * place + 3);
    image.data.set([...pixel, 255], 4 * place);
  }
  context.putImageData(image, 0, 0);
  return html("img", { src: canvas.toDataURL(), alt: label, width, height, class: "pixels" });
}

/// Mistakes whose pictures are not at hand.
function mistakeTable(classes, images) {
  const rows = images.map(({ sample, label, answer, probability }) => html("tr", {},
    numberCell(String(sample)), html("td", {}, classes[label]), html("td", {}, classes[answer]),
    numberCell(percent(100 * probability, 1))));
  return scrolling("Most confident mistakes", false,
    table([["Test image", true], ["Class"], ["Answer"], ["Probability", true]], rows));
}

/// `choose` takes a mistake's pixels into the field; null where there is none.
function showMistakes({ classes, mistakes, confusion }, choose) {
  if (!confusion) return removeSection("mistakes");
  if (mistakes.images.length === 0) {
    hintOf("mistakes").textContent = "No test image was answered wrongly.";
    return undefined;
  }
  hintOf("mistakes").textContent =
    `The ${mistakes.images.length} wrong answers of ${grouped(mistakes.wrongCount)} that the network was surest of.`
    + (choose ? " Choose one to see it in the field above." : "");
  if (!mistakes.hasPictures) {
    bodyOf("mistakes").append(mistakeTable(classes, mistakes.images));
    return undefined;
  }
  const { width, height, channels } = mistakes;
  bodyOf("mistakes").append(html("ul", { class: "gallery" }, mistakes.images.map((mistake) => {
    const bytes = bytesOf(mistake.pixels);
    const [truth, answer] = [classes[mistake.label], classes[mistake.answer]];
    const text = `Test image ${mistake.sample}: ${truth}, taken for ${answer}`;
    const picture = pictureElement({ width, height, channels, bytes }, text);
    const shown = [picture, html("span", {}, "says ", html("b", {}, answer)), html("span", {}, `is ${truth}`),
      html("span", { class: "number-of" }, `${percent(100 * mistake.probability, 1)}, no. ${mistake.sample}`)];
    return html("li", {}, choose
      ? html("button", { type: "button", title: text, onclick: () => choose(bytes, text) }, shown)
      : html("div", { title: text }, shown));
  })));
  return undefined;
}

function showFilters(filters) {
  if (!filters) return removeSection("filters");
  const { count, width, height, channels } = filters;
  hintOf("filters").textContent =
    `${grouped(filters.whole)} filters of ${filters.name}, ${height} x ${width}`
    + (count < filters.whole ? `; the first ${count} are shown` : "")
    + (channels === 3 ? ", in red, green and blue" : "")
    + `. Middle grey is 0, white ${short(filters.limit)}, black −${short(filters.limit)}.`;
  const bytes = bytesOf(filters.pixels);
  const size = width * height * channels;
  bodyOf("filters").append(...Array.from({ length: count }, (_, index) => {
    const picture = pictureElement(
      { width, height, channels, bytes: bytes.subarray(index * size, (index + 1) * size) }, `Filter ${index}`);
    return html("figure", {}, picture, html("figcaption", {}, String(index)));
  }));
  return undefined;
}

function showCommands(commands) {
  bodyOf("use").append(...commands.map(({ title, note, code }) => {
    const text = html("pre", { tabindex: 0 }, html("code", {}, code));
    const copy = html("button", { type: "button", class: "quiet copy", onclick: async () => {
      try { await navigator.clipboard.writeText(code); copy.textContent = "Copied"; }
      catch { getSelection().selectAllChildren(text); copy.textContent = "Selected"; }
      setTimeout(() => { copy.textContent = "Copy"; }, 1500);
    } }, "Copy");
    return html("div", { class: "command" }, html("div", { class: "bar" }, html("h3", {}, title), copy),
      note && html("p", { class: "hint" }, note), text);
  }));
}
