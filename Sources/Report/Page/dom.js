// Elements from values: text is only ever set as text, so that no name from a file becomes markup.

const svgNamespace = "http://www.w3.org/2000/svg";

function build(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

/// An HTML element; strings among the children become text.
const html = (tag, attributes, ...children) =>
  build(document.createElement(tag), attributes, children);

const svg = (tag, attributes, ...children) =>
  build(document.createElementNS(svgNamespace, tag), attributes, children);

const byId = (id) => document.getElementById(id);
const bodyOf = (id) => document.querySelector(`#${id} .body`);
const hintOf = (id) => document.querySelector(`#${id} .hint`);
const removeSection = (id) => byId(id).remove();

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);

/// `12,345`, whatever the reader's locale.
const grouped = (value) => String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");

/// A number with fixed decimals; a dash where there is none.
const fixed = (value, digits) => (isNumber(value) ? value.toFixed(digits) : "–");

const percent = (value, digits = 2) => (isNumber(value) ? `${value.toFixed(digits)} %` : "–");

/// Three significant digits, without an exponent where that is short.
function short(value) {
  if (!isNumber(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e6) return String(Number(value.toPrecision(3))).replace("-", "−");
  const [digits, power] = value.toPrecision(3).split("e");
  const [plain, exponent] = power ? [digits, power] : value.toExponential(2).split("e");
  return `${Number(plain)}e${Number(exponent)}`.replaceAll("-", "−");
}

/// `1:23:45` or `12:34`.
function clock(seconds) {
  if (!isNumber(seconds) || seconds < 0) return "–";
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.floor(seconds);
  const two = (n) => String(n).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes}:${two(whole % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
}

const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

/// What outlives a reload, as far as the browser allows for a file.
const memory = {
  get(store, key) {
    try { return window[store].getItem(`ptrain.${key}`); } catch { return null; }
  },
  set(store, key, value) {
    try { window[store].setItem(`ptrain.${key}`, value); } catch { /* not kept */ }
  },
};
