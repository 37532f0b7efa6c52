// What the page's own widgets cannot do: the undo clock, the focus after a step, and the way back
// of what was typed into a form that is not open any more (see composer.js). Draws nothing.
const OPENER = { hand: "td_hand_over", later: "td_send_later", move: "td_later_change" }; // where the button is not called after its form
const CHOSEN = ".st-key-panel [role=radio][aria-checked=true]";
const FIRST = { edit: ".st-key-draft textarea", reject: ".st-key-panel [role=radio]", later: CHOSEN, move: CHOSEN, snooze: CHOSEN };

// A form that was just opened by a key is typed into at once; it may be drawn a moment after this script runs.
function focus(selector, tries) {
  const field = document.querySelector(selector);
  if (!field) return tries && setTimeout(() => focus(selector, tries - 1), 100);
  field.focus();
  field.closest(".st-key-panel")?.scrollIntoView({ block: "nearest" });
  if (field instanceof HTMLTextAreaElement) field.setSelectionRange(field.value.length, field.value.length);
}

// Where the focus goes when what had it is gone: the button that opened a form, the draft of the next ticket.
function stand(...selectors) {
  setTimeout(() => {
    if (document.activeElement !== document.body) return;
    const node = selectors.map((selector) => document.querySelector(selector)).find(Boolean);
    if (!node) return;
    if (!node.matches("button")) node.tabIndex = -1;
    node.focus({ preventScroll: true });
  }, 150);
}

function saved(slot) {
  try { return JSON.parse(sessionStorage.getItem(slot)); } catch { return null; }
}

function drop(slot) {
  try { sessionStorage.removeItem(slot); } catch { /* storage is off */ }
}

export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component;
  const memory = (root.__live ??= {});
  memory.data = data;
  memory.send = setTriggerValue;

  data.forget.forEach(drop);
  if (memory.ticket !== data.ticket || memory.session !== data.session) { // come to this ticket, or the desk started anew
    memory.session = data.session;
    for (const [slot, seq] of Object.entries(data.arrived)) if (saved(slot)?.seq <= seq) drop(slot);
    const texts = Object.fromEntries(Object.entries(data.slots).map(([field, slot]) => [field, saved(slot)]).filter(([, kept]) => kept?.text));
    if (Object.keys(texts).length) memory.send("restored", { ticket: data.ticket, texts });
  }
  if (memory.open && !data.open && memory.ticket === data.ticket) stand(`.st-key-${OPENER[memory.open] ?? `td_${memory.open}`} button`);
  if (memory.open !== data.open) {
    memory.open = data.open;
    if (data.open) focus(FIRST[data.open] || ".st-key-panel textarea, .st-key-panel input", 12);
  }
  if (memory.ticket !== data.ticket) { // another ticket begins at its beginning
    if (memory.ticket !== undefined) for (const pane of document.querySelectorAll(".st-key-panes > div:not(:first-child), .stMain")) pane.scrollTop = 0;
    if (memory.ticket !== undefined) stand("[data-draft]", "[data-ticket] h1");
    memory.ticket = data.ticket;
  }
  if (memory.wired) return;
  memory.wired = true;

  const onApprove = () => memory.send("approve", Date.now());
  const onPointer = (event) => {
    // A tick by mouse would keep the focus, and with it every single-key shortcut, in the box.
    if (event.target.closest?.(".st-key-acks")) setTimeout(() => document.activeElement?.matches("input[type=checkbox]") && document.activeElement.blur(), 150);
  };
  const clock = setInterval(() => {
    for (const node of document.querySelectorAll("[data-deadline]")) {
      const left = Math.ceil((Date.parse(node.dataset.deadline) - Date.now()) / 1000);
      node.textContent = left > 0 ? `in ${left} s` : "now";
    }
  }, 500);
  document.addEventListener("triage:approve", onApprove);
  document.documentElement.dataset.live = "on";
  document.addEventListener("pointerup", onPointer, true);
  return () => {
    clearInterval(clock);
    document.removeEventListener("triage:approve", onApprove);
    delete document.documentElement.dataset.live;
    document.removeEventListener("pointerup", onPointer, true);
    memory.wired = false;
  };
}
