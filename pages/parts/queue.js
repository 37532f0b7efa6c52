// The queue: rows are patched one by one, so a live update neither flickers nor loses the place.
// All text goes in as text nodes; nothing a customer wrote is ever parsed as HTML.
function el(name, cls, text) {
  const node = document.createElement(name);
  if (cls) node.className = cls;
  if (text !== undefined) node.textContent = text;
  return node;
}

function typing(event) {
  const node = event.composedPath()[0];
  return node instanceof Element && (node.matches("input:not([type=checkbox]):not([type=radio]), textarea, select") || node.isContentEditable);
}

function line(row) {
  const node = el("div", row.busy ? "t busy" : "t");
  node.setAttribute("role", "option");
  node.dataset.id = row.id;
  node.append(el("h4", "", row.title));
  node.firstChild.title = row.title;
  const meta = el("p");
  const who = el("span", row.looking ? "looking" : "", row.who);
  who.title = row.whoTitle;
  const due = el("span", row.tone, row.due);
  due.title = row.dueTitle;
  meta.append(who, due);
  node.append(meta);
  for (const [text, tone] of row.chips) node.append(el("span", "chip " + tone, text));
  return node;
}

function patch(list, wanted, memory) {
  const seen = new Set();
  let place = list.firstChild;
  for (const [key, value, make] of wanted) {
    seen.add(key);
    const text = JSON.stringify(value);
    let had = memory.nodes.get(key);
    if (!had || had.text !== text) {
      const node = make(value);
      if (!had && memory.drawn) node.classList.add("fresh");
      if (had) {
        if (had.node === place) place = node;
        had.node.replaceWith(node);
      }
      had = { node, text };
      memory.nodes.set(key, had);
    }
    if (had.node === place) place = place.nextSibling;
    else list.insertBefore(had.node, place);
  }
  for (const [key, had] of memory.nodes) if (!seen.has(key)) { had.node.remove(); memory.nodes.delete(key); }
}

export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component;
  const memory = (root.__queue ??= { nodes: new Map(), drawn: false });
  const box = root.querySelector(".q");
  const list = box.querySelector(".list");
  memory.data = data;
  memory.send = setTriggerValue;

  const mark = (id, scroll) => {
    for (const node of list.querySelectorAll(".t")) {
      const on = node.dataset.id === String(id);
      node.classList.toggle("on", on);
      node.setAttribute("aria-selected", on ? "true" : "false");
      node.tabIndex = on ? 0 : -1;
      if (on && scroll) node.scrollIntoView({ block: "nearest" });
    }
    const first = list.querySelector(".t");
    if (first && !list.querySelector(".t.on")) first.tabIndex = 0;
  };
  const pick = (id) => {
    memory.selected = String(id);
    mark(id, true);
    memory.send("pick", Number(id));
  };
  const step = (by) => {
    const nodes = [...list.querySelectorAll(".t")];
    if (!nodes.length) return;
    const at = nodes.findIndex((node) => node.classList.contains("on"));
    const to = nodes[Math.min(nodes.length - 1, Math.max(0, at + by))];
    if (to && !to.classList.contains("on")) { pick(to.dataset.id); if (root.activeElement) to.focus(); }
  };

  const chips = box.querySelector(".chips");
  const state = JSON.stringify(data.chips);
  if (memory.chips !== state) {
    const focused = root.activeElement?.dataset?.view;
    memory.chips = state;
    const more = el("button", "more", "More");
    more.type = "button";
    more.title = "Answered, resolved and all tickets";
    chips.replaceChildren(...data.chips.map((chip) => {
      const node = el("button", chip.rest ? "rest" : "", chip.count ? `${chip.label} ${chip.count.toLocaleString()}` : chip.label);
      node.type = "button";
      node.dataset.view = chip.view;
      node.title = chip.help;
      node.setAttribute("aria-pressed", chip.on ? "true" : "false");
      return node;
    }), more);
    if (focused) chips.querySelector(`[data-view="${focused}"]`)?.focus();
  }

  const wanted = [];
  if (data.arriving.length) wanted.push(["band", data.arrivingText, (text) => el("div", "band", text)]);
  for (const row of data.arriving) wanted.push(["t" + row.id, row, line]);
  if (data.arriving.length && data.rows.length) wanted.push(["rule", 1, () => el("hr", "rule")]);
  for (const row of data.rows) wanted.push(["t" + row.id, row, line]);
  if (!data.rows.length) wanted.push(["empty", data.empty, (empty) => {
    const node = el("div", empty.busy ? "empty busy" : "empty");
    node.append(el("b", "", empty.title), document.createTextNode(empty.text));
    for (let n = 0; empty.busy && n < 3; n++) { // rows to come, drawn as shapes
      const shape = el("div", "shape");
      shape.setAttribute("aria-hidden", "true");
      shape.append(el("i"), el("i"), el("i"));
      node.append(shape);
    }
    return node;
  }]);
  if (memory.view !== data.view) { memory.drawn = false; list.scrollTop = 0; }
  patch(list, wanted, memory);
  memory.drawn = true;
  memory.view = data.view;
  mark(data.selected, memory.selected !== String(data.selected));
  memory.selected = String(data.selected);

  const foot = box.querySelector(".foot");
  foot.hidden = data.pages < 2;
  foot.querySelector("span").textContent = data.range;
  const [back, forth] = foot.querySelectorAll("button");
  back.disabled = data.page <= 1;
  forth.disabled = data.page >= data.pages;

  if (!memory.wired) {
    memory.wired = true;
    box.addEventListener("click", (event) => {
      const view = event.target.closest("[data-view]");
      if (view) return memory.send("view", view.dataset.view);
      if (event.target.closest(".more")) return chips.classList.add("open");
      const turn = event.target.closest("[data-turn]");
      if (turn) return memory.send("turn", memory.data.page + Number(turn.dataset.turn));
      const row = event.target.closest(".t");
      if (row) pick(row.dataset.id);
    });
    list.addEventListener("keydown", (event) => {
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (by) { event.preventDefault(); step(by); }
      if (event.key === "Enter" && event.target.matches(".t")) pick(event.target.dataset.id);
    });
    memory.keys = (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || typing(event) || document.querySelector("[role=dialog]")) return;
      const by = { j: 1, k: -1, J: 1, K: -1 }[event.key];
      if (by) step(by);
    };
    document.addEventListener("keydown", memory.keys);
  }
  return () => {
    document.removeEventListener("keydown", memory.keys);
    memory.wired = false;
  };
}
