// A text being written for a ticket. What is typed goes to the desk a moment later and lies in this tab's storage until
// the desk says that it has it. Words after :: open the saved replies, @ in a note the people; both by keyboard alone.
const PAUSE = 300; // milliseconds without a key before the text is sent
const PATIENCE = 6000; // until a missing answer is told
const MOST = 60; // entries of the list that are drawn at once
const METRICS = ["paddingTop", "paddingRight", "paddingBottom", "paddingLeft", "fontFamily", "fontSize", "fontWeight", "lineHeight", "letterSpacing", "tabSize"];
const MIRRORED = ["boxSizing", "width", "borderTopWidth", "borderRightWidth", "borderBottomWidth", "borderLeftWidth", ...METRICS];

function stored(data) { try { return JSON.parse(sessionStorage.getItem(data.slot)); } catch { return null; } }
function store(data, value) {
  try { value ? sessionStorage.setItem(data.slot, JSON.stringify(value)) : sessionStorage.removeItem(data.slot); } catch { /* storage is off */ }
}

// Through the browser's own editing, so that Ctrl+Z takes it back.
function insert(area, text, from, to) {
  area.focus();
  area.setSelectionRange(from, to);
  if (!(text ? document.execCommand("insertText", false, text) : document.execCommand("delete"))) {
    area.setRangeText(text, from, to, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

// The places of a checked text in the text as it is now, one change further: what lies around the change stretches with it.
function moved(places, before, after) {
  if (before === after) return places;
  const most = Math.min(before.length, after.length), change = after.length - before.length;
  let head = 0, tail = 0;
  while (head < most && before[head] === after[head]) head += 1;
  while (tail < most - head && before.at(-1 - tail) === after.at(-1 - tail)) tail += 1;
  const now = (at) => (at <= head ? at : at >= before.length - tail ? at + change : -1);
  return places.map(([start, end, kind]) => [now(start), now(end), kind]).filter(([start, end]) => start >= 0 && end > start);
}

// Where a character of the text stands, in pixels from the field's corner: measured in a copy that nobody sees.
function place(area, at) {
  const copy = document.createElement("div"), style = getComputedStyle(area);
  for (const name of MIRRORED) copy.style[name] = style[name];
  Object.assign(copy.style, { position: "absolute", visibility: "hidden", whiteSpace: "pre-wrap", overflowWrap: "break-word", top: "0", left: "-9999px" });
  copy.textContent = area.value.slice(0, at);
  const mark = copy.appendChild(document.createElement("span"));
  mark.textContent = "\u200b";
  document.body.append(copy);
  const found = { left: mark.offsetLeft, top: mark.offsetTop - area.scrollTop, line: parseFloat(style.lineHeight) || 20 };
  copy.remove();
  return found;
}

// What stands before the caret and asks for a list: { kind, from, words }.
function asked(area, data) {
  const at = area.selectionStart;
  if (at !== area.selectionEnd) return null;
  const before = area.value.slice(Math.max(0, at - 80), at);
  const macro = data.macros && /(?:^|[^:\w])::([^\n:]{0,60})$/.exec(before);
  if (macro) return { kind: "macros", from: at - macro[1].length - 2, words: macro[1] };
  const person = data.people && /(?:^|[\s(])@([\p{L}\p{M}'’.-]{0,30}(?: [\p{L}\p{M}'’.-]{0,30})?)$/u.exec(before);
  return person ? { kind: "people", from: at - person[1].length - 1, words: person[1] } : null;
}

const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

function found(entries, words) {
  const wanted = plain(words).split(/\s+/).filter(Boolean);
  const rank = (entry) => {
    const shortcut = plain(entry.short || ""), title = plain(entry.title);
    if (wanted.length === 1 && shortcut === wanted[0]) return 0;
    if (wanted.every((word) => shortcut.startsWith(word) || title.split(/\s+/).some((part) => part.startsWith(word)))) return 1;
    return wanted.every((word) => `${shortcut} ${title} ${plain(entry.hint || "")}`.includes(word)) ? 2 : -1;
  };
  return entries.map((entry) => [rank(entry), entry]).filter(([n]) => n >= 0).sort(([a], [b]) => a - b).map(([, entry]) => entry).slice(0, MOST);
}

export default function (component) {
  const { data, parentElement: root, setStateValue, setTriggerValue } = component;
  const box = root.querySelector(".td-composer");
  const area = box.querySelector("textarea"), marks = box.querySelector(".marks"), list = box.querySelector("[role=listbox]"), status = box.querySelector(".status"), said = box.querySelector(".said");
  const memory = (root.__composer ??= { seq: 0, acked: 0, sent: 0, options: [], at: 0, list: null });
  memory.data = data;
  memory.state = setStateValue;
  memory.trigger = setTriggerValue;
  for (const [name, value] of [["aria-label", data.label], ["placeholder", data.placeholder || ""], ["name", data.name]]) if (area.getAttribute(name) !== value) area.setAttribute(name, value);
  list.id = `${data.name}-list`;
  area.style.minHeight = `${data.height}px`;

  memory.grow ??= () => {
    area.style.height = "auto";
    area.style.height = `${Math.min(520, area.scrollHeight + 2)}px`;
  };
  // What has no source is marked behind the text, in a copy of it; the field itself is not touched.
  memory.paint ??= () => {
    const copy = marks.firstElementChild, text = area.value;
    let at = 0;
    const pieces = moved(memory.data.marks, memory.data.text, text).flatMap(([start, end, kind]) => {
      const mark = document.createElement("span");
      mark.className = kind;
      mark.textContent = text.slice(start, end);
      const before = text.slice(at, start);
      at = end;
      return [before, mark];
    });
    copy.replaceChildren(...pieces, ...(pieces.length ? [text.slice(at)] : []));
    memory.follow();
  };
  memory.follow ??= () => {
    const copy = marks.firstElementChild, style = getComputedStyle(area);
    for (const name of METRICS) copy.style[name] = style[name];
    Object.assign(marks.style, { width: `${area.clientWidth}px`, height: `${area.clientHeight}px` });
    copy.style.transform = `translateY(${-area.scrollTop}px)`;
  };
  memory.send ??= (left = false) => {
    clearTimeout(memory.timer);
    if (memory.sent === memory.seq) return;
    memory.sent = memory.seq;
    memory.state("typed", { text: area.value, seq: memory.seq, left: left === true });
    clearTimeout(memory.doubt);
    memory.doubt = setTimeout(memory.tell, PATIENCE);
  };
  memory.tell ??= () => {
    const late = memory.acked < memory.seq && memory.seq && Date.now() - memory.seq > PATIENCE - 300;
    const [text, tone] = late ? ["The desk does not answer. Your text is kept in this tab and goes there as soon as it can.", "w"]
      : memory.acked < memory.seq ? ["Keeping…", ""] : [memory.seq ? memory.data.status || "Kept" : memory.data.hint || "", ""];
    if (status.textContent !== text) status.textContent = text;
    status.className = `status ${tone}`;
    if (tone) status.setAttribute("role", "alert"); else status.removeAttribute("role");
  };
  memory.typed ??= () => {
    memory.seq = Math.max(Date.now(), memory.seq + 1);
    store(memory.data, { text: area.value, seq: memory.seq, draft: memory.data.draft });
    clearTimeout(memory.timer);
    memory.timer = setTimeout(memory.send, PAUSE);
    memory.grow();
    memory.paint();
    memory.tell();
  };

  // ---- the list of saved replies and of people
  memory.close ??= () => {
    memory.list = null;
    list.hidden = true;
    list.replaceChildren();
    area.removeAttribute("aria-activedescendant");
    area.removeAttribute("aria-controls");
    said.textContent = "";
  };
  memory.mark ??= (n) => {
    memory.at = n;
    [...list.children].forEach((node, number) => node.setAttribute("aria-selected", String(number === n)));
    const node = list.children[n];
    if (!node) return;
    area.setAttribute("aria-activedescendant", node.id);
    node.scrollIntoView({ block: "nearest" });
    said.textContent = `${memory.options[n].title}, ${n + 1} of ${memory.options.length}`;
  };
  memory.look ??= () => {
    const now = asked(area, memory.data);
    if (!now || (memory.shut === now.from)) { if (!now) memory.shut = undefined; return memory.list && memory.close(); }
    const options = found(memory.data[now.kind], now.words);
    if (!options.length && now.kind === "people") return memory.close();
    memory.list = now;
    memory.options = options;
    list.setAttribute("aria-label", now.kind === "macros" ? "Saved replies" : "People");
    list.replaceChildren(...options.map((entry, n) => {
      const node = document.createElement("div");
      node.id = `${memory.data.name}-option-${n}`;
      node.setAttribute("role", "option");
      const title = node.appendChild(document.createElement("b"));
      title.textContent = entry.title;
      if (entry.short) { const short = node.appendChild(document.createElement("kbd")); short.textContent = `::${entry.short}`; }
      if (entry.hint) { const hint = node.appendChild(document.createElement("span")); hint.textContent = entry.hint; }
      node.onmousedown = (event) => { event.preventDefault(); memory.choose(n); };
      return node;
    }));
    if (!options.length) {
      const none = list.appendChild(document.createElement("div"));
      none.setAttribute("role", "option");
      none.setAttribute("aria-disabled", "true");
      none.textContent = memory.data.macros.length ? "No saved reply is called so." : "No saved replies yet: write them under Settings, Macros.";
      said.textContent = none.textContent;
    }
    list.hidden = false;
    area.setAttribute("aria-controls", list.id);
    const spot = place(area, now.from);
    const width = Math.min(420, area.clientWidth);
    list.style.width = `${width}px`;
    list.style.left = `${Math.max(0, Math.min(spot.left, area.clientWidth - width))}px`;
    const top = area.offsetTop + spot.top + spot.line + 4, rest = window.innerHeight - area.getBoundingClientRect().top - spot.top - spot.line;
    list.style.top = rest < 200 ? "auto" : `${top}px`;
    list.style.bottom = rest < 200 ? `${box.clientHeight - area.offsetTop - spot.top + 4}px` : "auto";
    if (options.length) memory.mark(0);
  };
  memory.choose ??= (n) => {
    const entry = memory.options[n], { kind, from } = memory.list || {};
    if (!entry) return;
    const to = area.selectionStart;
    memory.close();
    if (kind === "people") return insert(area, `@${entry.title} `, from, to);
    memory.wanted = { from, to, words: area.value.slice(from, to) };
    memory.send();
    memory.trigger("macro", { id: entry.id, nonce: Date.now() });
  };
  if (data.insert && data.insert.nonce !== memory.inserted) {
    memory.inserted = data.insert.nonce;
    const wanted = memory.wanted;
    memory.wanted = undefined;
    if (wanted) { // only into the tab that asked for it
      const still = area.value.slice(wanted.from, wanted.to) === wanted.words;
      insert(area, data.insert.text, still ? wanted.from : area.selectionStart, still ? wanted.to : area.selectionEnd);
    }
  }

  // ---- what the desk has, and what it wants in the field
  memory.acked = Math.max(memory.acked, data.acked);
  if (memory.acked >= memory.seq) { clearTimeout(memory.doubt); if (memory.seq) store(data, null); }
  if (memory.load !== data.load) {
    const first = memory.load === undefined;
    memory.load = data.load;
    if (first) {
      const ahead = area.value, kept = stored(data); // what was typed into the empty field, before this ran
      area.value = (kept?.text ?? data.text) + ahead;
      if (kept || ahead) memory.typed();
    } else if (memory.session !== data.session) { /* the desk started anew and knows less than this field */ }
    else if (area.value !== data.text) { area.value = data.text; memory.acked = memory.sent = memory.seq; store(data, null); }
    memory.close();
    requestAnimationFrame(memory.grow);
  }
  if (memory.session !== data.session) { // what was sent to a desk that has ended since is sent again
    if (memory.session && memory.acked < memory.seq) memory.typed();
    memory.session = data.session;
  }
  memory.tell();
  memory.paint();
  if (memory.wired) return;
  memory.wired = true;

  const onInput = () => { memory.shut = memory.list || asked(area, memory.data) ? memory.shut : undefined; memory.typed(); memory.look(); };
  const onKey = (event) => {
    if (event.isComposing) return;
    if (memory.list && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const last = memory.options.length - 1;
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && last >= 0) memory.mark((memory.at + step + last + 1) % (last + 1));
      else if ((event.key === "Enter" || event.key === "Tab") && last >= 0 && !event.shiftKey) memory.choose(memory.at);
      else if (event.key === "Escape") { memory.shut = memory.list.from; memory.close(); }
      else return;
      event.preventDefault();
      event.stopImmediatePropagation();
    } else if ((event.ctrlKey || event.metaKey) && event.key === "Enter" && event.isTrusted && memory.sent !== memory.seq) {
      // The text first, the button's shortcut in a message of its own: together they would be taken for a word about the text alone.
      event.preventDefault();
      event.stopImmediatePropagation();
      memory.send();
      const { key, code, keyCode, which, ctrlKey, metaKey, shiftKey } = event;
      setTimeout(() => area.dispatchEvent(new KeyboardEvent("keydown", { key, code, keyCode, which, ctrlKey, metaKey, shiftKey, bubbles: true, cancelable: true, composed: true })), 20);
    } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
      event.preventDefault();
      memory.send();
    }
  };
  const onMove = (event) => { if (memory.list && ["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) memory.look(); };
  const onLeave = () => { memory.send(true); memory.close(); };
  const sizes = new ResizeObserver(memory.follow);
  sizes.observe(area);
  area.addEventListener("scroll", memory.follow);
  area.addEventListener("input", onInput);
  area.addEventListener("keydown", onKey, true);
  area.addEventListener("keyup", onMove);
  area.addEventListener("blur", onLeave);
  window.addEventListener("pagehide", memory.send);
  return () => {
    window.removeEventListener("pagehide", memory.send);
    sizes.disconnect();
    area.removeEventListener("scroll", memory.follow);
    area.removeEventListener("input", onInput);
    area.removeEventListener("keydown", onKey, true);
    area.removeEventListener("keyup", onMove);
    area.removeEventListener("blur", onLeave);
    clearTimeout(memory.timer);
    clearTimeout(memory.doubt);
    memory.wired = false;
  };
}
