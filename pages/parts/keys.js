// Every single key of the desk ends here, before the framework's own shortcuts see it. A key pressed while the page is
// being redrawn waits until the redraw is over; one that decides acts only on the draft that was on the screen when it
// was pressed; and what is typed after a key that opens a field goes into that field. palette.js comes before this file.
const PATIENCE = 10000; // milliseconds a key waits for a busy page
const UNSEEN = 2500; // without any sign of a redraw the last step had none
const CALM = 60; // between two runs of one step
const DRAWN = 1200; // within which the browser has drawn what a run that ended has made

const LANDMARKS = { topbar: ["navigation", "Screens"], pane_queue: ["region", "Queue"], pane_ticket: ["region", "Ticket"], pane_side: ["complementary", "About this ticket"] };

// The parts of every screen as screen readers list them.
function landmarks() {
  for (const [part, [role, label]] of Object.entries(LANDMARKS)) {
    const node = document.querySelector(`.st-key-${part}`);
    node?.setAttribute("role", role);
    node?.setAttribute("aria-label", label);
  }
}

function isTyping(event) {
  const node = event.composedPath()[0];
  return node instanceof Element && (node.matches("input:not([type=checkbox]):not([type=radio]):not([type=button]), textarea, select") || node.isContentEditable);
}

// The key by the character it produces, on any layout; "" for one with a modifier that is not its own.
function nameOf(event) {
  const graph = event.getModifierState?.("AltGraph");
  const combined = (event.ctrlKey || event.metaKey) && !graph;
  let name = event.key;
  if (event.altKey && !graph) return "";
  if (/^\p{L}$/u.test(name) && name > "\u024f" && /^Key[A-Z]$/.test(event.code)) name = event.code[3]; // letters of other scripts
  if (/^\p{L}$/u.test(name)) {
    if (event.shiftKey || graph) return "";
    name = name.toUpperCase();
  } else if (combined && event.shiftKey) return "";
  return (combined ? "Ctrl+" : "") + name;
}

const bare = (text) => text.toLowerCase().replace(/[^a-z0-9]/g, "");

function onScreen(node) {
  return node && !node.disabled && node.getClientRects().length > 0;
}

function buttonsOf(name) {
  const where = name.split(" ").map((one) => (one.endsWith("*") ? `[class*="st-key-${one.slice(0, -1)}"]` : `[class~="st-key-${one}"]`)).join(" ");
  const found = [...document.querySelectorAll(`${where} button`)].filter(onScreen);
  return name.endsWith("*") ? found.reverse() : found;
}

function targetOf(key) {
  if (key.tab) return [...document.querySelectorAll(".st-key-side [role=tab]")][key.tab - 1];
  for (const name of key.press) { const [button] = buttonsOf(name); if (button) return button; }
  const [shown] = !bare(key.keys[0]) ? [] : [...document.querySelectorAll(".stMain button:has(kbd)")].filter((button) => onScreen(button) && bare(button.querySelector("kbd").textContent) === bare(key.keys[0]));
  if (shown) return shown;
  if (key.focus) return [...document.querySelectorAll(key.focus)].find(onScreen);
  if (["next", "previous"].includes(key.event)) return inside("queue", "[role=option][data-id]");
  if (key.event === "find") return inside("queue", ".search input");
  if (key.needs) return document.querySelector(key.needs) ?? undefined;
  return key.event ? document.body : undefined;
}

// Whether what is typed after the key belongs to a field: one that is to come, is there, or that the button opens.
function leadsToField(key, target = targetOf(key)) {
  if (!(target instanceof HTMLButtonElement)) return key.opens.length > 0;
  return key.opens.some((name) => target.closest(`.st-key-${name}`));
}

const shownDraft = () => document.querySelector("[data-draft]")?.dataset.draft ?? "";
const shownTicket = () => document.querySelector("[data-ticket]")?.dataset.ticket ?? "";
const scriptState = () => document.querySelector("[data-testid=stApp]")?.dataset.testScriptState;

// The chosen row is ahead of the page: another ticket is on its way.
function astray() {
  const chosen = inside("queue", "[role=option][aria-selected=true]")?.dataset.id;
  const shown = shownTicket();
  return Boolean(chosen && shown && chosen !== shown);
}

class Keyboard {
  constructor(root) {
    this.root = root;
    this.waiting = [];
    this.hold = null;
    this.ahead = null;
    this.say = this.say.bind(this);
    this.palette = new Palette(root, this);
  }

  draw(data, send) {
    this.data = data;
    this.send = send;
    this.names = new Map(data.keys.flatMap((key) => key.keys.map((name) => [name, key])));
    this.palette.remember();
  }

  // Told to screen readers at once; what went against somebody's wish is shown as well.
  say(text, shown = false) {
    const box = this.root.querySelector(".say");
    box.textContent = text;
    box.classList.toggle("shown", shown);
    clearTimeout(this.quiet);
    this.quiet = setTimeout(() => { box.textContent = ""; box.classList.remove("shown"); }, 4000);
  }

  onKey(event) {
    if (this.replaying) return;
    if (event.isComposing || event.keyCode === 229) return event.stopImmediatePropagation();
    if (this.palette.isOpen()) { this.palette.onKey(event); event.stopImmediatePropagation(); return; }
    if (document.querySelector("[role=dialog]")) return;
    if (isTyping(event)) return this.onTyped(event);
    if (this.takeAhead(event)) return;
    if (event.key === "Escape") return this.cancel(event);
    const key = this.names.get(nameOf(event));
    const single = event.key.length === 1 && !event.ctrlKey && !event.metaKey;
    if (!key || (event.repeat && !key.repeats)) return single && event.stopImmediatePropagation(); // nobody else has single keys
    this.take(event);
    this.press(key);
  }

  take(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  onTyped(event) {
    const name = nameOf(event);
    const field = event.composedPath()[0];
    const choosing = (field.getAttribute("role") === "combobox" && field.getAttribute("aria-expanded") === "true") || field.closest(".td-composer")?.querySelector("[role=listbox]:not([hidden])");
    if (name === "Escape" && field.closest(".st-key-panel, .st-key-draft, .st-key-compose") && !choosing) field.blur();
    const key = name.startsWith("Ctrl+") && this.names.get(name);
    if (!key || field.closest(".ed")) return; // the editor of articles has its own
    if (key.event) { this.take(event); this.press(key); }
    else if (event.composedPath().some((node) => node.classList?.contains("st-key-pane_queue"))) this.take(event); // from the search nothing is decided
    else if (!event.repeat && this.busy()) {
      this.take(event);
      field.blur(); // what was typed goes to the desk
      field.focus({ preventScroll: true });
      this.press(key, field);
    }
  }

  cancel(event) {
    const [button] = buttonsOf("td_cancel");
    if (button) { this.take(event); button.click(); this.wait(); }
  }

  press(key, field) {
    const coming = this.hold || astray(); // what the key will find is not on the screen yet
    const opens = coming ? key.opens.length > 0 : leadsToField(key);
    this.waiting.push({ key, field, opens, at: Date.now(), draft: shownDraft() });
    this.tick();
  }

  // A step was taken; further keys wait for what it brings, `ticket` when another one is to come.
  wait({ moves = false, ticket = "" } = {}) {
    this.hold = { since: Date.now(), seen: false, moves, ticket: String(ticket) };
    this.watch ??= new MutationObserver(() => this.hold && scriptState() !== "notRunning" && (this.hold.seen = true));
    this.watch.observe(document.querySelector("[data-testid=stApp]"), { attributeFilter: ["data-test-script-state"] });
    this.tick();
  }

  busy() {
    return Boolean(this.hold) || scriptState() !== "notRunning" || astray();
  }

  isOver(time, running) {
    if (this.hold.ticket && time - this.hold.since > PATIENCE) { this.waiting = []; this.tell(this.lost()); return true; }
    if (this.hold.ticket) return this.hold.ticket === shownTicket() && !running;
    if (running) { Object.assign(this.hold, { seen: true, calm: 0 }); return false; }
    if (!this.hold.seen) return time - this.hold.since > UNSEEN;
    return time - (this.hold.calm ||= time) >= CALM;
  }

  tick() {
    clearTimeout(this.timer);
    const time = Date.now();
    const running = scriptState() !== "notRunning";
    if (this.hold && this.isOver(time, running)) this.hold = null;
    while (this.waiting.length && this.isTurn(this.waiting[0].key)) {
      const [first] = this.waiting;
      if (!targetOf(first.key) && time - (first.free ??= time) < DRAWN) break;
      this.act(this.waiting.shift());
    }
    const late = this.waiting.length;
    this.waiting = this.waiting.filter((entry) => time - entry.at < PATIENCE);
    if (late > this.waiting.length) this.say("The desk was busy for too long; press the key again.", true);
    if (this.ahead && !this.waiting.length && !this.busy() && time - (this.ahead.calm ||= time) > 1500) this.tell(this.lost());
    if (this.waiting.length || this.hold || this.ahead) this.timer = setTimeout(() => this.tick(), 30);
  }

  isTurn(key) {
    if (["help", "palette"].includes(key.event)) return true;
    if (key.repeats && (!this.hold || this.hold.moves)) return Boolean(targetOf(key)) || !this.busy();
    return !this.busy();
  }

  act({ key, field, draft, opens }) {
    const target = targetOf(key);
    if (!target) return this.say(`Not possible here: ${key.does}. ${this.lost()}`, true);
    if (key.decides && draft !== shownDraft()) return this.say("Nothing was decided: another draft came up while you pressed. Look at it, then press again.", true);
    if (field) return field.isConnected && this.replay(field);
    if (key.event === "palette") return this.palette.open();
    if (key.event === "help") return this.palette.help();
    if (key.tab) { target.click(); return target.focus({ preventScroll: true }); }
    if (key.event) {
      document.dispatchEvent(new CustomEvent(`triage:${key.event}`));
      return key.event === "find" || this.wait({ moves: key.repeats });
    }
    if (!(target instanceof HTMLButtonElement)) { target.focus(); return target.select?.(); }
    if (!leadsToField(key, target)) opens && this.tell(this.lost());
    else if (!document.querySelector(".st-key-panel")) this.ahead = { text: this.ahead?.text ?? "" };
    this.opener = target.closest("[class*=st-key-td_]")?.className.match(/st-key-td_\w+/)?.[0];
    target.click();
    this.wait();
  }

  // A combined key in a field goes on to the framework, which takes what was typed along.
  replay(field) {
    this.replaying = true;
    for (const type of ["keydown", "keyup"])
      field.dispatchEvent(new KeyboardEvent(type, { key: "Enter", code: "Enter", keyCode: 13, which: 13, ctrlKey: true, bubbles: true, cancelable: true, composed: true }));
    this.replaying = false;
    this.wait();
  }

  // Typed on before the field is there: kept for it.
  takeAhead(event) {
    const opening = this.waiting.some((entry) => entry.opens);
    if (!opening && !this.ahead) return false;
    if (event.ctrlKey || event.metaKey || event.altKey || (event.key.length > 1 && !["Enter", "Backspace"].includes(event.key))) return false;
    this.take(event);
    this.ahead ??= { text: "" };
    this.ahead.text = event.key === "Backspace" ? this.ahead.text.slice(0, -1) : this.ahead.text + (event.key === "Enter" ? "\n" : event.key);
    return true;
  }

  onFocus(event) {
    const field = event.target;
    if (!this.ahead || this.palette.isOpen() || !(field instanceof HTMLElement)) return;
    if (!field.matches("textarea, input[type=text]")) return field.closest(".st-key-panel") && this.tell(this.lost());
    const { text } = this.ahead;
    this.ahead = null;
    if (!text) return;
    field.setSelectionRange(field.value.length, field.value.length);
    document.execCommand("insertText", false, text);
  }

  // No field came for what was typed ahead: what to say of it, "" when nothing was typed.
  lost() {
    const text = this.ahead?.text;
    this.ahead = null;
    return text ? `No field opened for what you typed: ${text}` : "";
  }

  tell(text) {
    if (text) this.say(text, true);
  }
}

export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component;
  const keyboard = (root.__keyboard ??= new Keyboard(root));
  keyboard.draw(data, setTriggerValue);
  landmarks();
  if (keyboard.wired) return;
  keyboard.wired = true;
  const drawn = new MutationObserver(landmarks); // what is drawn after this gets its name once the page is
  drawn.observe(document.querySelector("[data-testid=stApp]"), { attributeFilter: ["data-test-script-state"] });
  const onKey = (event) => keyboard.onKey(event);
  const onFocus = (event) => keyboard.onFocus(event);
  const onSay = ({ detail }) => keyboard.say(detail.text ?? String(detail), detail.shown);
  window.addEventListener("keydown", onKey, true);
  document.addEventListener("focusin", onFocus);
  document.addEventListener("triage:say", onSay);
  document.documentElement.dataset.keys = "heard";
  return () => {
    delete document.documentElement.dataset.keys;
    window.removeEventListener("keydown", onKey, true);
    document.removeEventListener("focusin", onFocus);
    document.removeEventListener("triage:say", onSay);
    clearTimeout(keyboard.timer);
    keyboard.watch?.disconnect();
    drawn.disconnect();
    keyboard.wired = false;
  };
}
