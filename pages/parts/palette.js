// The command palette and the list of keys: two dialogs, drawn here and ready without asking the desk.
// All text goes in as text nodes; nothing a customer wrote is ever parsed as HTML.
const RECENT = "triage-recent-";
const MOST = 60;

function inside(container, selector) {
  return allInside(container, selector)[0];
}

// What a component drew within its shadow.
function allInside(container, selector) {
  return [...document.querySelectorAll(`.st-key-${container} *`)].filter((node) => node.shadowRoot).flatMap((node) => [...node.shadowRoot.querySelectorAll(selector)]);
}

function make(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

const folded = (text) => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");

// How well letters stand in a text in their order: beginnings of words and neighbours count most; 0 is not at all.
function fits(query, text) {
  const wanted = folded(query).replace(/\s+/g, "");
  const words = folded(text);
  if (!wanted) return 1;
  let score = 0, at = -1, run = 0;
  for (const letter of wanted) {
    const starts = (from) => { for (let n = from; (n = words.indexOf(letter, n)) >= 0; n++) if (n === 0 || /[^\p{L}\p{N}]/u.test(words[n - 1])) return n; return -1; };
    let next = words[at + 1] === letter && at >= 0 ? at + 1 : starts(at + 1);
    if (next < 0) next = words.indexOf(letter, at + 1);
    if (next < 0) return 0;
    run = next === at + 1 ? run + 1 : 0;
    score += 1 + 2 * run + (next === 0 || /[^\p{L}\p{N}]/u.test(words[next - 1]) ? 3 : 0);
    at = next;
  }
  return score + (words.includes(folded(query).trim()) ? 20 : 0) - words.length / 100;
}

class Palette {
  constructor(root, keyboard) {
    this.root = root;
    this.keyboard = keyboard;
    this.dialog = root.querySelector(".palette");
    this.input = root.querySelector(".palette input");
    this.list = root.querySelector(".palette [role=listbox]");
    this.sheet = root.querySelector(".sheet");
    this.input.addEventListener("input", () => this.rank());
    this.list.addEventListener("click", (event) => { const row = event.target.closest("[role=option]"); if (row) this.choose(Number(row.dataset.at)); });
    for (const dialog of [this.dialog, this.sheet]) {
      dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
      dialog.addEventListener("close", () => deepest()?.closest("dialog") && deepest().blur());
    }
    this.sheet.querySelector(".close").addEventListener("click", () => this.sheet.close());
    this.sheet.querySelector(".tour").addEventListener("click", () => { this.sheet.close(); this.keyboard.send("tour", Date.now()); });
  }

  isOpen() { return this.dialog.open || this.sheet.open; }

  onKey(event) {
    if (event.key === "Escape") { event.preventDefault(); (this.sheet.open ? this.sheet : this.dialog).close(); }
    if (this.sheet.open) { if (["H", "?"].includes(nameOf(event))) this.sheet.close(); return; }
    if (nameOf(event) === "Ctrl+K") { event.preventDefault(); this.dialog.close(); return; }
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (by) { event.preventDefault(); this.mark(Math.abs(by) === 1 ? (this.at + by + this.found.length) % this.found.length : Math.min(this.found.length - 1, Math.max(0, this.at + by))); }
    if (event.key === "Enter") { event.preventDefault(); this.choose(this.at); }
    if (event.key === "Tab") event.preventDefault(); // arrows choose; there is nothing else to go to
  }

  open() {
    this.before = deepest();
    this.items = this.collect();
    this.input.value = "";
    this.dialog.showModal();
    this.rank();
    this.refresh = setInterval(() => this.renew(), 250);
  }

  // The page behind it may still be drawn, or drawn anew.
  renew() {
    if (!this.dialog.open) return clearInterval(this.refresh);
    const items = this.collect();
    const same = items.length === this.items.length && items.every((item, n) => item.text === this.items[n].text);
    this.items = items;
    if (same) return;
    const marked = this.found[this.at]?.text;
    this.rank();
    this.mark(Math.max(0, this.found.findIndex((item) => item.text === marked)));
  }

  help() {
    this.before = deepest();
    const body = this.sheet.querySelector(".keys");
    const groups = Map.groupBy ? Map.groupBy(this.keyboard.data.keys, (key) => key.group) : new Map();
    body.replaceChildren(...[...groups].map(([group, keys]) => make("section", {}, make("h3", {}, group), make("dl", {}, ...keys.map((key) =>
      make("div", {}, make("dt", {}, ...caps(key)), make("dd", {}, key.does)))))));
    this.sheet.showModal();
  }

  rank() {
    const query = this.input.value.trim();
    const scored = [...this.items, ...this.asked(query)].map((item) => ({ item, score: fits(query, item.text) || fits(query, item.more ?? item.group) / 2 }));
    const best = Math.max(0, ...scored.filter(({ item }) => !item.always).map(({ score }) => score));
    const close = scored.filter(({ item, score }) => item.always || (score > 0 && score * 3 >= best));
    close.sort((a, b) => (query ? Boolean(a.item.always) - Boolean(b.item.always) || b.score - a.score : 0));
    this.found = close.slice(0, MOST).map(({ item }) => item);
    this.list.replaceChildren(...this.found.map((item, at) => make("li", { role: "option", id: `command-${at}`, "data-at": at },
      make("span", { class: "text" }, item.text), make("span", { class: "group" }, item.group), ...(item.key ? caps(item.key) : []))));
    if (!this.found.length) this.list.append(make("li", { class: "none", role: "option", "aria-disabled": "true" }, "Nothing of that name is possible here."));
    this.mark(0);
  }

  mark(at) {
    this.at = at;
    for (const row of this.list.children) row.setAttribute("aria-selected", row.dataset.at === String(at) ? "true" : "false");
    this.list.children[at]?.scrollIntoView({ block: "nearest" });
    if (this.found.length) this.input.setAttribute("aria-activedescendant", `command-${at}`);
    else this.input.removeAttribute("aria-activedescendant");
  }

  choose(at) {
    const item = this.found[at];
    this.dialog.close();
    this.input.blur(); // the browser does so only a moment later
    if (this.before?.isConnected) this.before.focus({ preventScroll: true });
    item?.run();
  }

  // ---- what can be chosen

  collect() {
    const keyboard = this.keyboard;
    const taken = new Set();
    const fromKeys = keyboard.data.keys.filter((key) => key.name !== "palette").flatMap((key) => {
      const target = targetOf(key);
      if (!target) return [];
      taken.add(target);
      const said = target instanceof HTMLButtonElement ? labelOf(target) : "";
      return [{ text: said || capital(key.does), more: key.does, group: key.group, key, run: () => keyboard.press(key) }];
    });
    const press = (node) => () => { node.click(); keyboard.wait(); };
    const buttons = [...document.querySelectorAll(".stMain button, .stMain [role=radio], .stMain [role=tab]")]
      .filter((node) => onScreen(node) && !taken.has(node) && !node.closest(".st-key-topbar") && labelOf(node))
      .map((node) => ({ text: labelOf(node), group: "On this screen", run: press(node) }));
    const screens = [...document.querySelectorAll(".st-key-topbar a")].map((node) => ({ text: labelOf(node), group: "Screen", run: press(node) }));
    const views = allInside("queue", ".chips [data-view]").map((node) => ({ text: labelOf(node), group: "View", run: press(node) }));
    const own = [["Account and password", "/account"], ["Sign out", "/logout"]].map(([text, href]) => ({ text, group: "You", run: () => location.assign(href) }));
    const tour = { text: "Show the tour", group: "Help", run: () => keyboard.send("tour", Date.now()) };
    return dedupe([...fromKeys, ...buttons, ...screens, ...views, ...this.tickets(), tour, ...own]);
  }

  tickets() {
    const rows = allInside("queue", "[role=option][data-id]").map((node) => ({ id: node.dataset.id, title: node.querySelector("h4")?.textContent ?? "" }));
    return dedupe([...this.recent(), ...rows].filter(({ id }) => id !== shownTicket()).map(({ id, title }) => ({ text: `#${id} ${title}`, group: "Ticket", run: () => this.go(id) })));
  }

  // What only the words in the field make possible.
  asked(query) {
    const number = /^#?(\d{1,9})$/.exec(query)?.[1];
    const found = number && Number(number) ? [{ text: `Go to ticket #${Number(number)}`, group: "Ticket", run: () => this.go(number) }] : [];
    return query ? [...found, { text: `Search tickets for “${query}”`, group: "Search", always: true, run: () => this.keyboard.send("find", query) }] : [];
  }

  go(id) {
    this.keyboard.send("go", Number(id));
    this.keyboard.wait({ ticket: Number(id) });
  }

  // ---- tickets that were open in this tab, newest first

  recent() {
    try { return JSON.parse(sessionStorage.getItem(RECENT + this.keyboard.data.user)) ?? []; } catch { return []; }
  }

  remember() {
    const head = document.querySelector("[data-ticket]");
    if (!head) return;
    const now = { id: head.dataset.ticket, title: head.querySelector("h1")?.textContent ?? "" };
    const kept = [now, ...this.recent().filter(({ id }) => id !== now.id)].slice(0, 10);
    try { sessionStorage.setItem(RECENT + this.keyboard.data.user, JSON.stringify(kept)); } catch { /* storage is off */ }
  }
}

function deepest() {
  let node = document.activeElement;
  while (node?.shadowRoot?.activeElement) node = node.shadowRoot.activeElement;
  return node === document.body ? null : node;
}

function caps(key) {
  return key.keys.map((name) => make("kbd", {}, name.replace("+", " ").replace("Enter", "↵")));
}

function labelOf(node) {
  const clone = node.cloneNode(true);
  for (const part of clone.querySelectorAll("kbd, [aria-hidden=true], [data-testid=stIconMaterial]")) part.remove();
  return (node.getAttribute("aria-label") || clone.textContent).replace(/\s+/g, " ").trim().slice(0, 90);
}

const capital = (text) => text[0].toUpperCase() + text.slice(1);

function dedupe(items) {
  const seen = new Set();
  return items.filter(({ text, group }) => !seen.has(`${group}|${text}`) && seen.add(`${group}|${text}`));
}
