// Tiles of figures. Texts are set as text, never as markup.
const SVG = "http://www.w3.org/2000/svg";

function make(name, className, text) {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}

// Both lines on one scale; they have as many points, of the same places in the two periods.
function lines(points, before, tone) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 100 22");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("aria-hidden", "true");
  const values = [...points, ...before].filter((y) => y !== null);
  const low = Math.min(...values), high = Math.max(...values);
  const place = ([n, y]) => `${(n / (points.length - 1)) * 100},${high === low ? 12 : 19 - ((y - low) / (high - low)) * 16}`;
  for (const [line, name] of [[before, "before"], [points, tone]]) {
    const known = line.map((y, n) => [n, y]).filter(([, y]) => y !== null);
    if (known.length < 2) continue;
    const path = document.createElementNS(SVG, "polyline");
    path.setAttribute("points", known.map(place).join(" "));
    path.setAttribute("class", name);
    svg.append(path);
  }
  return svg;
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const host = parentElement.querySelector(".tl");
  host.replaceChildren(...data.tiles.map((tile) => {
    const button = make("button", "", "");
    button.type = "button";
    button.title = tile.title;
    button.setAttribute("aria-label", `${tile.name}: ${tile.value}. ${tile.change} ${tile.note}. Show the tickets behind it.`);
    const detail = make("div", "d", "");
    if (tile.change) detail.append(make("span", tile.tone, tile.change));
    detail.append(tile.note);
    button.append(make("div", "k", tile.name), make("div", tile.faint ? "v faint" : "v", tile.value), detail, lines(tile.points, tile.before, tile.line));
    button.onclick = () => setTriggerValue("open", tile.id);
    return button;
  }));
}
