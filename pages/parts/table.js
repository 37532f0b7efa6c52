// A dense table whose rows open something. Cells are set as text, never as markup.
function make(name, className, text) {
  const element = document.createElement(name);
  if (className) element.className = className;
  if (text !== undefined && text !== null) element.textContent = text;
  return element;
}

function fill(cell, value) {
  if (value.chips) value.chips.forEach(([text, tone]) => cell.append(make("span", "chip " + tone, text)));
  if (value.text !== "") cell.append(make(value.strong ? "b" : "span", value.tone, value.text));
  if (value.sub) cell.append(make("span", "sub", value.sub));
  if (value.title) cell.title = value.title;
}

function compare(left, right) {
  if (left === right) return 0;
  if (left === null || left === undefined) return 1;
  if (right === null || right === undefined) return -1;
  return typeof left === "number" && typeof right === "number" ? left - right : String(left).localeCompare(String(right), undefined, { numeric: true });
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const host = parentElement.querySelector(".tb");
  const order = host.order || {};
  host.order = order;
  const table = make("table"), head = make("thead"), body = make("tbody", data.opens ? "open" : "");
  const line = make("tr");
  const entries = data.rows.slice();
  const draw = () => {
    const rows = order.at === undefined ? entries : entries.slice().sort((a, b) => order.sign * compare(a.cells[order.at].sort, b.cells[order.at].sort));
    body.replaceChildren(...rows.map(one));
    [...line.children].forEach((th, n) => data.order || th.setAttribute("aria-sort", order.at === n ? (order.sign > 0 ? "ascending" : "descending") : "none"));
  };
  const one = (row) => {
    const element = make("tr", row.id === data.selected ? "on" : "");
    row.cells.forEach((value, n) => {
      const cell = make("td", data.columns[n].kind);
      fill(cell, value);
      element.append(cell);
    });
    if (data.opens) {
      element.tabIndex = 0;
      element.setAttribute("aria-label", row.label);
      element.onclick = () => setTriggerValue("open", row.id);
      element.onkeydown = (event) => {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); setTriggerValue("open", row.id); }
        const next = { ArrowDown: element.nextElementSibling, ArrowUp: element.previousElementSibling }[event.key];
        if (next) { event.preventDefault(); next.focus(); }
      };
    }
    return element;
  };
  data.columns.forEach((column, n) => {
    const th = make("th", column.kind);
    if (column.title) th.title = column.title;
    if (data.order) th.setAttribute("aria-sort", data.order.replace(/^-/, "") !== column.key ? "none" : data.order.startsWith("-") ? "descending" : "ascending");
    const button = make("button", "", column.label);
    button.type = "button";
    button.onclick = () => {
      if (data.order) { setTriggerValue("sort", column.key); return; } // the database sorts
      if (order.at === n) order.sign = -order.sign; else { order.at = n; order.sign = typeof (entries[0] || { cells: [] }).cells[n]?.sort === "number" ? -1 : 1; }
      draw();
    };
    th.append(data.sorts && column.label && (!data.order || column.key) ? button : document.createTextNode(column.label));
    line.append(th);
  });
  head.append(line);
  table.append(head, body);
  draw();
  host.setAttribute("aria-label", data.label);
  host.replaceChildren(table);
}
