// The queue: rows are patched one by one, so a live update neither flickers nor loses the place.
// All text goes in as text nodes; nothing a customer wrote is ever parsed as HTML.
function el(name, cls, text) {
  const node = document.createElement(name);
  if (cls) node.className = cls;
  if (text !== undefined) node.textContent = text;
  return node;
}

function many({ count, most }) {
  return count > most ? `${most.toLocaleString()}+` : count.toLocaleString();
}

function line(row) {
  const node = el("div", row.busy ? "t busy" : "t");
  node.setAttribute("role", "option");
  node.dataset.id = row.id;
  node.append(el("h4", "", row.title));
  const pickBox = el("span", "pick");
  pickBox.title = "Select (X)";
  node.append(pickBox);
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

// What was typed goes to the server a moment after the last letter. The field is never written to while somebody is in it,
// so that no update takes letters away; only what was not typed here (a saved view, the back button) is put in.
const PAUSE = 300;

function searching(box, root, memory) {
  const input = box.querySelector(".search input");
  const data = memory.data;
  const typed = input.value.trim() !== (memory.asked ?? "");
  if (data.find !== memory.told && !(root.activeElement === input && (typed || memory.timer))) {
    if (input.value.trim() !== data.find) input.value = data.find;
    memory.asked = data.find;
  }
  memory.told = data.find;
  const problem = box.querySelector(".problem");
  problem.textContent = data.form.problems.join("; ");
  problem.hidden = !problem.textContent;
  const button = box.querySelector(".filter");
  button.textContent = data.form.filters ? `Filter ${data.form.filters}` : "Filter";
}

function ask(box, memory) {
  clearTimeout(memory.timer);
  memory.timer = null;
  const text = box.querySelector(".search input").value.trim();
  if (text === memory.asked) return;
  memory.asked = text;
  memory.send("find", { text });
}

// The form of filters: built anew only when what there is to choose from changes.
function form(box, root, memory) {
  const { form: data } = memory.data;
  const node = box.querySelector(".form");
  const shape = JSON.stringify([data.fields.map(({ value, ...rest }) => rest), data.share, data.chosen, data.removable]);
  const within = node.contains(root.activeElement) && root.activeElement.matches("input, select"); // nothing typed is taken away
  if (memory.shape !== shape && !within) {
    memory.shape = shape;
    node.replaceChildren(...data.fields.map(field), keeping(data));
  }
  for (const one of data.fields) {
    const place = node.querySelector(`[name="${one.name}"]`);
    if (place && place !== root.activeElement) {
      if (place.matches("select") && one.value && ![...place.options].some((option) => option.value === one.value)) place.append(new Option(one.value, one.value));
      place.value = one.value;
    }
  }
}

function field(one) {
  const label = el("label", "", one.label);
  const place = el(one.kind === "day" ? "input" : "select");
  if (one.kind === "day") place.type = "date";
  else place.append(new Option("any", ""), ...one.options.map(([value, text]) => new Option(text, value)));
  place.name = one.name;
  label.append(place);
  return label;
}

function keeping(data) {
  const node = el("div", "keep");
  const name = el("input");
  name.type = "text"; name.name = "name"; name.maxLength = 40;
  name.placeholder = "Name of this view"; name.ariaLabel = "Name of this view"; name.value = data.chosen;
  const save = el("button", "", "Save view");
  save.type = "submit";
  node.append(name, save);
  if (data.share) {
    const label = el("label", "tick");
    const tick = el("input");
    tick.type = "checkbox"; tick.name = "shared";
    label.append(tick, document.createTextNode("for everybody"));
    node.append(label);
  }
  if (data.removable) {
    const drop = el("button", "drop", "Remove view");
    drop.type = "button";
    node.append(drop);
  }
  return node;
}

// Rows that came in above what is being read push nothing away: the list keeps its place and says how many there are.
function keepPlace(list, draw, news) {
  const top = list.scrollTop;
  const first = top > 4 && [...list.querySelectorAll(".t")].find((node) => node.offsetTop + node.offsetHeight > top + list.offsetTop);
  const before = first && first.dataset.id, at = first && first.offsetTop - top;
  const old = new Set([...list.querySelectorAll(".t")].map((node) => node.dataset.id));
  draw();
  const same = before && list.querySelector(`.t[data-id="${before}"]`);
  if (!same) return;
  list.scrollTop = same.offsetTop - at;
  let fresh = 0;
  for (let node = same.previousElementSibling; node; node = node.previousElementSibling) if (node.dataset.id && !old.has(node.dataset.id)) fresh++;
  if (fresh) news(fresh);
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
      if (!had && memory.drawn) {
        node.classList.add("fresh");
        if (value.title && !value.busy && place) document.dispatchEvent(new CustomEvent("triage:say", { detail: `New in the queue: ${value.title}` }));
      }
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
  searching(box, root, memory);
  form(box, root, memory);

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
  memory.chosen ??= new Set();
  const together = box.querySelector(".together");
  const choose = (id) => {
    if (id !== undefined && !memory.chosen.delete(id)) memory.chosen.add(id);
    for (const node of list.querySelectorAll(".t")) {
      const on = memory.chosen.has(node.dataset.id);
      node.classList.toggle("chosen", on);
      if (on) node.setAttribute("aria-checked", "true");
      else node.removeAttribute("aria-checked");
    }
    together.hidden = !memory.chosen.size;
    together.querySelector("span").textContent = `${memory.chosen.size} selected`;
  };
  const pick = (id) => {
    memory.selected = String(id);
    mark(id, true);
    memory.send("pick", Number(id));
  };
  // Past the end of the page: on to the next one, or say that there is none.
  const over = (by) => {
    const { page, pages } = memory.data;
    if (page + by < 1 || page + by > pages)
      return document.dispatchEvent(new CustomEvent("triage:say", { detail: { text: by > 0 ? "This is the last ticket here." : "This is the first ticket here.", shown: true } }));
    memory.into = { page: page + by, by };
    memory.send("turn", page + by);
  };
  const step = (by) => {
    const nodes = [...list.querySelectorAll(".t")];
    if (!nodes.length) return;
    const at = nodes.findIndex((node) => node.classList.contains("on"));
    const to = nodes[Math.min(nodes.length - 1, Math.max(0, at + by))];
    if (at >= 0 && to.classList.contains("on")) return over(by);
    if (to && !to.classList.contains("on")) { pick(to.dataset.id); if (root.activeElement) to.focus(); }
  };

  const chips = box.querySelector(".chips");
  const state = JSON.stringify(data.chips);
  if (memory.chips !== state) {
    const { view, saved } = root.activeElement?.dataset ?? {};
    const focused = view ? `[data-view="${view}"]` : saved ? `[data-saved="${saved}"]` : "";
    memory.chips = state;
    const more = el("button", "more", "More");
    more.type = "button";
    more.title = "Answered, resolved and all tickets";
    chips.replaceChildren(...data.chips.map((chip) => {
      const node = el("button", chip.rest ? "rest" : "", chip.count ? `${chip.label} ${many(chip)}` : chip.label);
      node.type = "button";
      if (chip.saved) node.dataset.saved = chip.saved;
      else node.dataset.view = chip.view;
      node.title = chip.help;
      node.setAttribute("aria-pressed", chip.on ? "true" : "false");
      return node;
    }), more);
    if (focused) chips.querySelector(focused)?.focus();
  }

  const wanted = [];
  if (data.arriving.length) wanted.push(["band", data.arrivingText, (text) => el("div", "band", text)]);
  for (const row of data.arriving) wanted.push(["t" + row.id, row, line]);
  if (data.arriving.length && data.rows.length) wanted.push(["rule", 1, () => el("hr", "rule")]);
  for (const row of data.rows) wanted.push(["t" + row.id, row, line]);
  if (!data.rows.length) wanted.push(["empty", data.empty, (empty) => {
    const node = el("div", empty.busy ? "empty busy" : "empty");
    node.setAttribute("role", "option"); // a list box without any option is broken for screen readers
    node.setAttribute("aria-disabled", "true");
    node.append(el("b", "", empty.title), document.createTextNode(empty.text));
    for (let n = 0; empty.busy && n < 3; n++) { // rows to come, drawn as shapes
      const shape = el("div", "shape");
      shape.setAttribute("aria-hidden", "true");
      shape.append(el("i"), el("i"), el("i"));
      node.append(shape);
    }
    return node;
  }]);
  const news = box.querySelector(".news");
  const told = (fresh) => {
    memory.fresh = (memory.fresh ?? 0) + fresh;
    news.textContent = `${memory.fresh} new above`;
    news.hidden = false;
  };
  const seen = () => { memory.fresh = 0; news.hidden = true; };
  if (memory.view !== data.view) { memory.drawn = false; list.scrollTop = 0; seen(); }
  keepPlace(list, () => patch(list, wanted, memory), told);
  memory.drawn = true;
  memory.view = data.view;
  mark(data.selected, memory.selected !== String(data.selected));
  memory.selected = String(data.selected);

  if (memory.into?.page === data.page) { // the page that a step led over to is here
    const rows = [...list.querySelectorAll(".t:not(.busy)")];
    const to = memory.into.by > 0 ? rows[0] : rows.at(-1);
    if (to) setTimeout(() => pick(to.dataset.id));
    memory.into = null;
  }

  choose();

  const foot = box.querySelector(".foot");
  foot.hidden = data.pages < 2;
  foot.querySelector("span").textContent = data.range;
  const [back, forth] = foot.querySelectorAll("button");
  back.disabled = data.page <= 1;
  forth.disabled = data.page >= data.pages;

  if (!memory.wired) {
    memory.wired = true;
    box.addEventListener("click", (event) => {
      const saved = event.target.closest("[data-saved]");
      if (saved) return memory.send("open", Number(saved.dataset.saved));
      const view = event.target.closest("[data-view]");
      if (view) return memory.send("view", view.dataset.view);
      if (event.target.closest(".more")) return chips.classList.add("open");
      const turn = event.target.closest("[data-turn]");
      if (turn) return memory.send("turn", memory.data.page + Number(turn.dataset.turn));
      if (event.target.closest(".news")) { list.scrollTop = 0; return seen(); }
      if (event.target.closest(".drop")) return memory.send("drop", Date.now());
      const filter = event.target.closest(".filter");
      if (filter) {
        const shut = (box.querySelector(".form").hidden = !box.querySelector(".form").hidden);
        return filter.setAttribute("aria-expanded", String(!shut));
      }
      if (event.target.closest("[data-together]")) {
        memory.send("together", [...memory.chosen].map(Number));
        memory.chosen.clear();
        return choose();
      }
      if (event.target.closest("[data-clear]")) { memory.chosen.clear(); return choose(); }
      const row = event.target.closest(".t");
      if (row && !row.classList.contains("busy") && (event.target.closest(".pick") || event.ctrlKey || event.metaKey)) return choose(row.dataset.id);
      if (row) pick(row.dataset.id);
    });
    list.addEventListener("scroll", () => { if (list.scrollTop < 4) seen(); });
    const input = box.querySelector(".search input");
    input.addEventListener("input", () => {
      clearTimeout(memory.timer);
      memory.timer = setTimeout(() => ask(box, memory), PAUSE);
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter") ask(box, memory);
      if (event.key === "Escape" && input.value) { input.value = ""; ask(box, memory); event.stopPropagation(); }
      if (event.key === "ArrowDown") { event.preventDefault(); (list.querySelector(".t.on") ?? list.querySelector(".t"))?.focus(); }
    });
    const filters = box.querySelector(".form");
    filters.addEventListener("change", (event) => {
      const { name, value } = event.target;
      if (name !== "name" && name !== "shared") memory.send("filter", { name, value });
    });
    filters.addEventListener("submit", (event) => {
      event.preventDefault();
      const name = filters.querySelector("[name=name]").value.trim();
      if (name) memory.send("keep", { name, shared: filters.querySelector("[name=shared]")?.checked ?? false });
    });
    list.addEventListener("keydown", (event) => {
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (by) { event.preventDefault(); step(by); }
      if (event.key === "Enter" && event.target.matches(".t")) pick(event.target.dataset.id);
    });
    memory.asks = { // keys.js asks for these
      next: () => step(1),
      previous: () => step(-1),
      find: () => { input.focus(); input.select(); },
      select: () => { const on = list.querySelector(".t.on:not(.busy)"); if (on) choose(on.dataset.id); },
    };
    for (const name in memory.asks) document.addEventListener(`triage:${name}`, memory.asks[name]);
  }
  return () => {
    for (const name in memory.asks) document.removeEventListener(`triage:${name}`, memory.asks[name]);
    memory.wired = false;
  };
}
