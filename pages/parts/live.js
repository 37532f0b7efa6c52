// What the page's own widgets cannot do: the undo clock, the focus after a step,
// and a copy of the text being typed that survives a reload of the tab. Draws nothing.
const SLOT = "triage-text-";
const OPENER = { hand: "td_hand_over", later: "td_send_later", move: "td_later_change" }; // where the button is not called after its form
const CHOSEN = ".st-key-panel [role=radio][aria-checked=true]";
const FIRST = { edit: ".st-key-draft textarea", reject: ".st-key-panel [role=radio]", later: CHOSEN, move: CHOSEN, snooze: CHOSEN };

function editor() {
  const box = document.querySelector("[class*=st-key-td_text_]");
  const id = box && /st-key-td_text_(\d+)/.exec(box.className)?.[1];
  const area = box?.querySelector("textarea");
  return id && area ? { id, area } : null;
}

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

function saved(id) {
  try { return sessionStorage.getItem(SLOT + id); } catch { return null; }
}

export default function (component) {
  const { data, parentElement: root, setTriggerValue } = component;
  const memory = (root.__live ??= {});
  memory.data = data;
  memory.send = setTriggerValue;

  for (const id of data.forget) try { sessionStorage.removeItem(SLOT + id); } catch { /* storage is off */ }
  if (data.ticket && !data.typed && !data.forget.includes(data.ticket)) {
    const text = saved(data.ticket);
    if (text && memory.offered !== data.ticket) {
      memory.offered = data.ticket;
      memory.send("restored", { ticket: data.ticket, text });
    }
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
  const onInput = (event) => {
    const now = editor();
    if (now && event.target === now.area) try { sessionStorage.setItem(SLOT + now.id, now.area.value); } catch { /* storage is off */ }
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
  document.addEventListener("input", onInput);
  return () => {
    clearInterval(clock);
    document.removeEventListener("triage:approve", onApprove);
    delete document.documentElement.dataset.live;
    document.removeEventListener("pointerup", onPointer, true);
    document.removeEventListener("input", onInput);
    memory.wired = false;
  };
}
