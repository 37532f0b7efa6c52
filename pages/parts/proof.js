// A sentence of the draft and what it rests on light each other, by mouse and by key. Draws nothing of its own.
const LIT = ["lit", "carry", "word", "pair"];

const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const listed = (node, name) => (node.dataset[name] || "").split(" ").filter(Boolean);
const calm = () => (matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth");

function clear() {
  for (const name of LIT) for (const node of all(`.${name}`)) node.classList.remove(name);
}

function evidence() {
  const tab = document.querySelector(".st-key-side [role=tab]");
  if (tab?.getAttribute("aria-selected") !== "true") tab?.click();
}

function within(node, number) { return listed(node, "carries").includes(number); }

// Figures of the sentence and of what carries it that are the same, on both sides.
function pair(sentence, pieces) {
  const here = all("[data-fig]", sentence);
  const there = pieces.flatMap((piece) => all("[data-fig]", piece));
  for (const a of here) for (const b of there) if (a.dataset.fig === b.dataset.fig) { a.classList.add("pair"); b.classList.add("pair"); }
}

function lightSentence(sentence) {
  clear();
  sentence.classList.add("lit");
  evidence();
  const number = sentence.dataset.sentence;
  const wanted = listed(sentence, "passages");
  setTimeout(() => {
    const hits = all("[data-passage], [data-nosource]").filter((node) =>
      wanted.length ? wanted.includes(node.dataset.passage) : node.dataset.nosource === number);
    for (const hit of hits) {
      hit.classList.add("lit");
      const pieces = all("[data-carries]", hit).filter((piece) => within(piece, number));
      for (const piece of pieces) {
        piece.classList.add("carry");
        if (listed(piece, "words").includes(number)) piece.classList.add("word");
      }
      pair(sentence, pieces);
    }
    const first = hits[0]?.querySelector(".carry") || hits[0];
    hits[0]?.scrollIntoView({ block: "nearest", behavior: calm() });
    const box = first?.closest(".long");
    if (box) box.scrollTop = first.offsetTop - box.offsetTop - 24;
  }, 60);
}

function lightSource(source) {
  clear();
  source.classList.add("lit");
  const sentences = all(".td-draft [data-sentence]").filter((node) => listed(node, "passages").includes(source.dataset.passage));
  for (const sentence of sentences) {
    sentence.classList.add("lit");
    pair(sentence, all("[data-carries]", source).filter((piece) => within(piece, sentence.dataset.sentence)));
  }
  for (const piece of all("[data-carries]", source)) piece.classList.add("carry");
  sentences[0]?.scrollIntoView({ block: "nearest", behavior: calm() });
}

// The next point that nobody took responsibility for: shown first, taken by the second press.
function answer(memory) {
  const open = all(".st-key-acks input[type=checkbox]").filter((box) => !box.checked);
  if (!open.length) return;
  const box = open[0];
  const holder = box.closest("[class*=st-key-td_ack_]");
  const sign = /st-key-td_ack_\d+_(\w+)/.exec(holder?.className || "")?.[1];
  if (memory.shown === sign) {
    memory.shown = undefined;
    clear();
    box.click();
    return;
  }
  memory.shown = sign;
  const sentence = document.querySelector(`.td-draft [data-sentence="${sign}"]`);
  if (sentence) lightSentence(sentence);
  else clear();
  holder.classList.add("lit");
  holder.scrollIntoView({ block: "nearest", behavior: calm() });
}

function typing(event) {
  const node = event.composedPath()[0];
  return node instanceof Element && (node.matches("input:not([type=checkbox]):not([type=radio]), textarea, select") || node.isContentEditable);
}

export default function (component) {
  const { data, parentElement: root } = component;
  const memory = (root.__proof ??= {});
  if (memory.draft !== data.draft) {
    memory.draft = data.draft;
    memory.shown = undefined;
  }
  if (memory.wired) return;
  memory.wired = true;

  const touched = (event) => {
    const sentence = event.target.closest?.(".td-draft [data-sentence]");
    if (sentence) return lightSentence(sentence);
    const source = event.target.closest?.("[data-passage]");
    if (source && event.target.closest(".td-quote, .td-source, h3")) lightSource(source);
  };
  const onKey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || typing(event) || document.querySelector("[role=dialog]")) return;
    const sentence = event.target.closest?.(".td-draft [data-sentence]");
    const source = event.target.closest?.(".td-source");
    if ((event.key === "Enter" || event.key === " ") && (sentence || source)) {
      event.preventDefault();
      if (sentence) lightSentence(sentence);
      else lightSource(source.closest("[data-passage]"));
    } else if (sentence && (event.key === "ArrowRight" || event.key === "ArrowLeft")) {
      const others = all(".td-draft [data-sentence]");
      others[others.indexOf(sentence) + (event.key === "ArrowRight" ? 1 : -1)]?.focus();
    }
  };
  const onAsked = () => answer(memory); // keys.js asks for it
  const onFocus = (event) => {
    if (event.target.matches?.(".td-draft [data-sentence]") && event.target.matches(":focus-visible")) lightSentence(event.target);
  };
  document.addEventListener("click", touched);
  document.addEventListener("keydown", onKey);
  document.addEventListener("triage:unsupported", onAsked);
  document.addEventListener("focusin", onFocus);
  return () => {
    document.removeEventListener("click", touched);
    document.removeEventListener("keydown", onKey);
    document.removeEventListener("triage:unsupported", onAsked);
    document.removeEventListener("focusin", onFocus);
    memory.wired = false;
  };
}
