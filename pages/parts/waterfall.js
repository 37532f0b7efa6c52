// The waterfall: one line a bar. Everything that comes from data is set as text, never as markup.
const ROLES = { manager: "Manager", analyst: "Analyst", writer: "Writer", reviewer: "Reviewer", none: "Guards and code" };

function make(name, className, text) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

function seconds(value) {
  if (value < 0.0095) return (value * 1000).toFixed(1) + " ms";
  if (value < 1) return Math.round(value * 1000) + " ms";
  return value < 100 ? value.toFixed(1) + " s" : Math.round(value / 60) + " min";
}

function ticks(total) {
  const wanted = total / 4;
  const power = Math.pow(10, Math.floor(Math.log10(wanted)));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n >= wanted);
  const found = [];
  for (let at = 0; at <= total * 1.0001; at += step) found.push(at);
  return found;
}

function figures(bar) {
  const parts = [seconds(bar.seconds)];
  if (bar.tokens) parts.unshift(bar.tokens.toLocaleString("en") + " tok");
  if (bar.cost) parts.unshift("$" + bar.cost.toFixed(4));
  return parts.join(" · ");
}

function row(bar, total, marks) {
  const line = make("div", ["wf-row", bar.style, bar.error ? "failed" : "", bar.back ? "back" : ""].join(" "));
  line.style.setProperty("--depth", bar.depth);
  line.style.setProperty("--c", `var(--${bar.role in ROLES ? bar.role : "none"})`);
  const name = make("span", "wf-name");
  name.append(make("span", "", bar.label));
  name.title = bar.error || bar.label;
  if (bar.error) name.append(make("span", "wf-mark bad", "failed"));
  if (bar.back) name.append(make("span", "wf-mark", "read back"));
  bar.marks.forEach((mark) => name.append(make("span", "wf-mark", mark)));
  if (bar.hit) name.append(make("span", "wf-mark hit", "found"));
  const track = make("span", "wf-track");
  marks.forEach((at) => { const grid = make("span", "wf-line"); grid.style.left = (100 * at) / total + "%"; track.append(grid); });
  const block = make("span", "wf-bar");
  block.style.left = Math.min(99.5, (100 * Math.max(bar.start, 0)) / total) + "%";
  block.style.width = (100 * bar.seconds) / total + "%";
  track.append(block);
  line.append(name, track, make("span", "wf-figures", figures(bar)));
  return line;
}

function axis(total, marks) {
  const line = make("div", "wf-axis");
  const track = make("span", "wf-track");
  marks.forEach((at) => { const label = make("span", "wf-tick", at ? seconds(at) : "0"); label.style.left = (100 * at) / total + "%"; track.append(label); });
  line.append(make("span"), track, make("span"));
  line.setAttribute("aria-hidden", "true");
  return line;
}

function legend(bars) {
  const line = make("div", "wf-legend");
  const used = new Set(bars.filter((bar) => bar.ordinal !== null || bar.style === "group").map((bar) => (bar.role in ROLES ? bar.role : "none")));
  Object.keys(ROLES).filter((role) => used.has(role)).forEach((role) => {
    const item = make("span");
    const swatch = make("i");
    swatch.style.setProperty("--c", `var(--${role})`);
    item.append(swatch, ROLES[role]);
    line.append(item);
  });
  if (bars.some((bar) => bar.back)) line.append(make("span", "", "dashed: done before a restart, not done again"));
  return line;
}

// The opened step stands below; where its heading is out of sight, the page goes there once it is drawn.
function bringIn(since) {
  const step = document.querySelector(".st-key-box_step");
  if (!step || step.closest("[data-stale='true']")) {
    if (Date.now() - since < 5000) setTimeout(() => bringIn(since), 100);
    return;
  }
  if (step.getBoundingClientRect().top > window.innerHeight - 160) step.scrollIntoView({ block: "start" });
}

export default function (component) {
  const { data, parentElement, setStateValue, setTriggerValue } = component;
  const host = parentElement.querySelector(".wf");
  const focused = host.contains(parentElement.activeElement || document.activeElement) ? host.dataset.focus : null;
  const total = Math.max(data.total, 0.001);
  const marks = ticks(total);
  const list = make("div");
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Steps of this run; arrow keys move, Enter opens a step");
  const options = [];
  const choose = (option, bar) => {
    options.forEach((other) => other.setAttribute("aria-selected", String(other === option)));
    if (data.told) setTriggerValue("chosen", bar.ordinal);
    else setStateValue("step", bar.ordinal);
  };
  data.bars.forEach((bar) => {
    const line = row(bar, total, marks);
    if (bar.ordinal !== null && data.open) {
      line.setAttribute("role", "option");
      line.setAttribute("aria-selected", String(bar.ordinal === data.selected));
      line.setAttribute("aria-label", `${bar.label}, ${[figures(bar), ...bar.marks, bar.error ? "failed" : "", bar.hit ? "found" : ""].filter(Boolean).join(", ")}`);
      line.tabIndex = -1;
      line.dataset.ordinal = bar.ordinal;
      line.onclick = () => { move(options.indexOf(line)); choose(line, bar); };
      line.onkeydown = (event) => {
        const at = options.indexOf(line);
        const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: options.length - 1 }[event.key];
        if (to !== undefined) { event.preventDefault(); move(Math.max(0, Math.min(options.length - 1, to))); }
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(line, bar); }
      };
      options.push(line);
    } else line.setAttribute("role", "presentation");
    list.append(line);
  });
  function move(to) {
    options.forEach((option, n) => { option.tabIndex = n === to ? 0 : -1; });
    options[to].focus({ preventScroll: false });
    host.dataset.focus = options[to].dataset.ordinal;
  }
  const first = options.find((option) => option.getAttribute("aria-selected") === "true") || options[0];
  if (first) first.tabIndex = 0;
  host.replaceChildren(axis(total, marks), list, legend(data.bars));
  const again = focused && options.findIndex((option) => option.dataset.ordinal === focused);
  if (focused && again >= 0) move(again);
  if (data.told && data.selected !== null && host.dataset.shown !== String(data.selected)) bringIn(Date.now());
  host.dataset.shown = data.selected;
}
