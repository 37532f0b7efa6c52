// The text of an article: a title, a plain text area with a toolbar, a note. What is typed goes to the desk a moment later,
// and lies in this tab's storage until the desk says that it has it. The desk's copy never overwrites what it has not seen.
const PAUSE = 350; // milliseconds without a key before the text is sent
const PATIENCE = 6000; // until a missing answer is told
const FIELDS = ["title", "body", "note"];

const LINE = { heading: "## ", bullets: "- ", quote: "> " };
const AROUND = { bold: ["**", "bold words"], italic: ["*", "words"], code: ["`", "code"] };

function slot(data) { return `triage-article-${data.user}-${data.article}`; }
function stored(data) { try { return JSON.parse(sessionStorage.getItem(slot(data))); } catch { return null; } }
function store(data, value) {
  try { value ? sessionStorage.setItem(slot(data), JSON.stringify(value)) : sessionStorage.removeItem(slot(data)); } catch { /* storage is off */ }
}

// Through the browser's own editing, so that Ctrl+Z takes it back.
function insert(area, text, from, to) {
  area.focus();
  area.setSelectionRange(from, to);
  if (!(text ? document.execCommand("insertText", false, text) : document.execCommand("delete"))) {
    area.setRangeText(text, from, to, "end");
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }
  area.setSelectionRange(from + text.length, from + text.length);
}

function around(area, [mark, words]) {
  const { selectionStart: from, selectionEnd: to, value } = area;
  const chosen = value.slice(from, to);
  const inside = value.slice(from - mark.length, from) === mark && value.slice(to, to + mark.length) === mark;
  if (inside) {
    insert(area, chosen, from - mark.length, to + mark.length);
    area.setSelectionRange(from - mark.length, to - mark.length);
    return;
  }
  insert(area, mark + (chosen || words) + mark, from, to);
  area.setSelectionRange(from + mark.length, from + mark.length + (chosen || words).length);
}

function lines(area, prefix) {
  const { value } = area;
  const from = value.lastIndexOf("\n", area.selectionStart - 1) + 1;
  const next = value.indexOf("\n", area.selectionEnd);
  const to = next < 0 ? value.length : next;
  const old = value.slice(from, to).split("\n");
  const has = (line, n) => (prefix === "1. " ? /^\d+\. /.test(line) : line.startsWith(prefix));
  const bare = (line) => line.replace(prefix === "1. " ? /^\d+\. / : prefix, "");
  const made = old.every(has) ? old.map(bare) : old.map((line, n) => (prefix === "1. " ? `${n + 1}. ` : prefix) + line.replace(/^(#{1,6}|[-*>]|\d+\.) /, ""));
  insert(area, made.join("\n"), from, to);
}

function link(area, open, close, words) {
  const { selectionStart: from, selectionEnd: to, value } = area;
  const chosen = value.slice(from, to) || words;
  insert(area, open + chosen + close, from, to);
  if (close.length > 2) area.setSelectionRange(from + open.length + chosen.length + 2, from + open.length + chosen.length + close.length - 1);
  else area.setSelectionRange(from + open.length, from + open.length + chosen.length);
}

// Enter goes on with a list, and ends it on an empty item.
function onEnter(area) {
  const { selectionStart: at, selectionEnd: end, value } = area;
  const from = value.lastIndexOf("\n", at - 1) + 1;
  const found = /^(\s*)([-*]|(\d+)\.) (.*)$/.exec(value.slice(from, at));
  if (!found || at !== end) return false;
  if (!found[4].trim()) insert(area, "", from, at);
  else insert(area, `\n${found[1]}${found[3] ? `${Number(found[3]) + 1}.` : found[2]} `, at, end);
  return true;
}

export default function (component) {
  const { data, parentElement: root, setStateValue, setTriggerValue } = component;
  const box = root.querySelector(".ed");
  const field = Object.fromEntries(FIELDS.map((name) => [name, box.querySelector(`[name=${name}]`)]));
  const status = box.querySelector(".status");
  const memory = (root.__editor ??= { seq: 0, acked: 0 });
  const value = () => Object.fromEntries(FIELDS.map((name) => [name, field[name].value]));
  const put = (text) => { for (const name of FIELDS) if (field[name].value !== text[name]) field[name].value = text[name]; };
  const differs = (text) => FIELDS.some((name) => field[name].value !== text[name]);
  memory.data = data;
  memory.state = setStateValue;
  memory.trigger = setTriggerValue;
  memory.send ??= () => {
    clearTimeout(memory.timer);
    if (memory.sent === memory.seq) return;
    memory.sent = memory.seq;
    memory.state("fields", { ...value(), base: memory.base, seq: memory.seq });
    clearTimeout(memory.doubt);
    memory.doubt = setTimeout(() => memory.acked < memory.seq && memory.tell(), PATIENCE);
  };
  memory.tell ??= () => {
    const late = memory.acked < memory.sent && memory.sent === memory.seq;
    const [text, tone] = memory.acked >= memory.seq ? [memory.data.status, ""] : late && memory.doubtful?.() ? ["The desk does not answer. Your text is kept in this tab and goes there as soon as it can.", "w"] : ["Writing…", ""];
    if (status.textContent !== text) status.textContent = text;
    status.className = `status ${tone}`;
    status.setAttribute("role", tone ? "alert" : "none"); // read out only when something is wrong
  };
  memory.doubtful ??= () => Date.now() - memory.sent > PATIENCE - 200;
  memory.typed ??= () => {
    memory.seq = Math.max(Date.now(), memory.seq + 1);
    store(memory.data, { ...value(), base: memory.base, load: memory.load });
    clearTimeout(memory.timer);
    memory.timer = setTimeout(memory.send, PAUSE);
    memory.tell();
  };

  memory.acked = Math.max(memory.acked, data.acked);
  if (memory.acked >= memory.seq) { clearTimeout(memory.doubt); if (memory.seq) store(data, null); }
  if (memory.load !== data.load) {
    const first = memory.load === undefined;
    if (data.drop) { // words of an earlier load go, whether they arrived or not
      memory.acked = memory.seq;
      if (stored(data)?.load !== data.load) store(data, null);
    }
    const kept = first ? stored(data) : null;
    const follows = data.follows === memory.load;
    memory.load = data.load;
    if (first || memory.acked >= memory.seq) {
      memory.base = data.base;
      put(data);
    } else if (follows) memory.base = data.base;
    else memory.base = Math.min(memory.base, data.base);
    if (kept && differs(kept)) {
      put(kept);
      memory.base = Math.min(kept.base, data.base);
      memory.typed();
    } else if (memory.acked < memory.seq) {
      memory.sent = undefined;
      memory.typed();
    }
  }
  memory.tell();
  if (memory.wired) return;
  memory.wired = true;

  const act = (name) => {
    const area = field.body;
    if (AROUND[name]) around(area, AROUND[name]);
    else if (LINE[name]) lines(area, LINE[name]);
    else if (name === "numbers") lines(area, "1. ");
    else if (name === "link") link(area, "[", "](https://)", "words");
    else if (name === "article") link(area, "[[", "]]", "article-id");
  };
  for (const button of box.querySelectorAll("[data-do]")) {
    button.onmousedown = (event) => event.preventDefault(); // the text keeps its selection
    button.onclick = () => act(button.dataset.do);
  }
  box.querySelector(".tools").onkeydown = (event) => { // one stop for Tab, arrows inside, as toolbars do
    const buttons = [...box.querySelectorAll("[data-do]")];
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = buttons[(buttons.indexOf(event.target) + step + buttons.length) % buttons.length];
    for (const button of buttons) button.tabIndex = button === next ? 0 : -1;
    next.focus();
  };
  box.addEventListener("input", memory.typed);
  box.addEventListener("focusout", memory.send);
  box.addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    const combined = event.ctrlKey || event.metaKey;
    if (combined && !event.shiftKey && !event.altKey && key === "s") {
      event.preventDefault();
      event.stopImmediatePropagation();
      memory.send();
      memory.trigger("save", Date.now());
    } else if (event.target === field.body && combined && !event.altKey) {
      const name = { b: "bold", i: "italic", k: "link" }[key];
      if (name && !event.shiftKey) { event.preventDefault(); act(name); }
    } else if (event.target === field.body && event.key === "Enter" && !event.shiftKey && !event.isComposing && onEnter(field.body)) event.preventDefault();
  }, true);
  window.addEventListener("pagehide", memory.send);
  return () => {
    window.removeEventListener("pagehide", memory.send);
    clearTimeout(memory.timer);
    clearTimeout(memory.doubt);
  };
}
