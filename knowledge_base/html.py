"""Web pages to Markdown: headings, paragraphs, lists and tables; nothing that a reader of the page would not see."""

import re
from typing import Any

_NEVER = "script, style, noscript, template, iframe, object, embed, svg, nav, header, footer, aside, form, button, [hidden], [aria-hidden=true]"
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?![.\d])|opacity\s*:\s*0(?![.\d])", re.IGNORECASE
)
_BLOCKS = {
    "p",
    "div",
    "section",
    "article",
    "main",
    "blockquote",
    "figure",
    "dl",
    "dd",
    "dt",
    "body",
    "td",
    "th",
    "center",
    "details",
    "summary",
}


def to_markdown(html: str) -> tuple[str, str]:
    """The title and the Markdown body of a page."""
    from selectolax.lexbor import LexborHTMLParser

    page = LexborHTMLParser(html)
    for node in page.css(_NEVER):
        node.decompose()
    for node in page.css("[style]"):
        if _HIDDEN.search(node.attributes.get("style") or ""):
            node.decompose()
    heading = page.css_first("h1")
    title = _line(heading.text()) if heading else _line(found.text()) if (found := page.css_first("title")) else ""
    if heading:
        heading.decompose()
    root = page.css_first("main") or page.css_first("article") or page.body
    lines: list[str] = []
    if root is not None:
        _walk(root, lines, "")
    return title, re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _walk(node: Any, lines: list[str], indent: str) -> None:
    """Append the lines of a node's children; text between blocks is gathered into paragraphs."""
    run: list[str] = []

    def end_run() -> None:
        if text := _line("".join(run)):
            lines.extend(["", indent + _safe(text), ""])
        run.clear()

    for child in node.iter(include_text=True):
        tag = child.tag
        if tag == "-text":
            run.append(child.text(deep=False) or "")
        elif tag == "br":
            end_run()
        elif tag in _BLOCKS or tag in ("ul", "ol", "table", "pre", "hr") or re.fullmatch(r"h[1-6]", tag or ""):
            end_run()
            _block(child, lines, indent)
        elif child.css_first("p, div, ul, ol, table, h1, h2, h3, h4, h5, h6, pre") is not None and tag != "a":
            end_run()
            _walk(child, lines, indent)
        else:
            run.append(child.text())
    end_run()


def _block(node: Any, lines: list[str], indent: str) -> None:
    tag = node.tag
    if tag.startswith("h") and tag[1:].isdigit():
        lines += ["", f"{'#' * max(2, int(tag[1:]))} {_line(node.text())}", ""]
    elif tag in ("ul", "ol"):
        _list(node, lines, indent)
    elif tag == "table":
        _table(node, lines)
    elif tag == "pre":
        lines += ["", "```", *node.text().strip("\n").split("\n"), "```", ""]
    elif tag != "hr":
        _walk(node, lines, indent)


def _list(node: Any, lines: list[str], indent: str) -> None:
    lines.append("")
    number = 0
    for item in node.iter():
        if item.tag != "li":
            continue
        number += 1
        sign = f"{number}. " if node.tag == "ol" else "- "
        inner: list[str] = []
        _walk(item, inner, "")
        kept = [line for line in inner if line.strip()] or [""]
        lines.append(indent + sign + kept[0])
        lines += [indent + " " * len(sign) + line for line in kept[1:]]
    lines.append("")


def _table(node: Any, lines: list[str]) -> None:
    rows = [[_line(cell.text()).replace("|", "\\|") for cell in row.css("td, th")] for row in node.css("tr")]
    rows = [row for row in rows if any(row)]
    if not rows:
        return
    width = max(map(len, rows))
    padded = [row + [""] * (width - len(row)) for row in rows]
    lines += ["", f"| {' | '.join(padded[0])} |", "|" + " --- |" * width, *(f"| {' | '.join(row)} |" for row in padded[1:]), ""]


def _line(text: str) -> str:
    return " ".join(text.split())


def _safe(text: str) -> str:
    """A paragraph that happens to begin like a heading stays a paragraph."""
    return "\\" + text if re.match(r"#{1,6}\s", text) else text
