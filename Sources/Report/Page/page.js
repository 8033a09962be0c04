// The page as a whole: its head, its theme, its sections, and its reloads while a run goes on.

const run = JSON.parse(byId("run-data").textContent);

const themes = { auto: "Theme: system", light: "Theme: light", dark: "Theme: dark" };

function setTheme(theme) {
  if (theme === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  byId("theme").textContent = themes[theme];
  byId("theme").onclick = () => {
    const names = Object.keys(themes);
    const next = names[(names.indexOf(theme) + 1) % names.length];
    memory.set("localStorage", "theme", next);
    setTheme(next);
  };
}

function showHead() {
  document.title = `${run.name}: ${run.state === "running" ? "training" : "ptrain report"}`;
  byId("name").textContent = run.name;
  byId("lead").textContent = run.lead;
  byId("status").textContent = run.status;
  byId("status").classList.add(run.state);
  byId("foot").textContent = run.foot;
}

function showContents() {
  const links = [...document.querySelectorAll("main > section")].map((section) =>
    html("a", { href: `#${section.id}` }, section.querySelector("h2").textContent));
  byId("contents").append(...links);
}

/// Reads the file again now and then, until the run has ended or nothing is heard of it any more; never
/// while somebody is at work in the page.
function follow() {
  if (run.state !== "running") return;
  let touched = 0;
  for (const type of ["pointerdown", "pointermove", "keydown", "wheel", "touchmove"]) {
    addEventListener(type, () => { touched = Date.now(); }, { passive: true });
  }
  addEventListener("pagehide", () => memory.set("sessionStorage", "scroll", String(scrollY)));
  const interval = Math.min(30, Math.max(2, run.secondsPerEpoch / 2)) * 1000;
  const patience = Math.max(600, 20 * run.secondsPerEpoch) * 1000;
  const timer = setInterval(() => {
    if (Date.now() - run.writtenAt * 1000 > patience) {
      byId("status").textContent += " (nothing heard of it for a while)";
      clearInterval(timer);
    } else if (!document.hidden && Date.now() - touched > 3000) location.reload();
  }, interval);
}

function keepScroll() {
  const scroll = run.state === "running" && memory.get("sessionStorage", "scroll");
  if (scroll && !location.hash) scrollTo(0, Number(scroll));
}

setTheme(memory.get("localStorage", "theme") in themes ? memory.get("localStorage", "theme") : "auto");
showHead();
showFigures(run.figures);
showCurves(run);
showEpochTable(run);
const field = showField(run);
showConfusion(run);
showClasses(run);
showMistakes(run, field && run.mistakes && run.mistakes.hasPictures && run.mistakes.isExact ? (pixels, text) => {
  field.setPixels(pixels);
  byId("try").scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  field.answer.append(html("small", {}, text));
} : null);
showFilters(run.filters);
showLayers(run.layers);
showFacts(run.facts);
showCommands(run.commands);
showContents();
keepScroll();
follow();

/// For scripts: what the field does, without pointer and keyboard.
globalThis.ptrain = {
  run,
  field,
  setPixels: (bytes) => field.setPixels(bytes),
};
