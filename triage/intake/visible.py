"""HTML mail as its reader sees it, and beside it the text that was there but could not be seen."""

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from triage.intake.clean import reveal
from triage.intake.looks import PAGE, Look, hidden_by_sheets, look_of

_BLOCKS = frozenset(
    {
        "address",
        "article",
        "aside",
        "body",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "html",
        "legend",
        "li",
        "main",
        "nav",
        "section",
        "summary",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
    }
)
_SPACED = frozenset(
    {
        "blockquote",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "ol",
        "p",
        "pre",
        "table",
        "ul",
    }
)
_SKIPPED = frozenset(
    {
        "applet",
        "audio",
        "canvas",
        "head",
        "iframe",
        "math",
        "object",
        "script",
        "style",
        "svg",
        "template",
        "title",
        "video",
    }
)
_MOST_TAGS = 40_000
_TAG = re.compile(r"<[^<>]*>")
_SPACE = re.compile(r"[ \t\n\f\u00a0\u2000-\u200a\u202f\u205f\u3000]+")


class Rendered(NamedTuple):
    visible: str
    hidden: str


def render(html: str) -> Rendered:
    """Text of an HTML document: paragraphs apart, table cells in a row, list items marked, quotations after "> ".

    Hidden by style, colour, size, place, the `hidden` attribute, comments or invisible characters: second field.
    Never raises on odd markup.
    """
    readable = _readable(html)
    tree = LexborHTMLParser(readable)
    page = _Page()
    if len(readable) < len(html) - html.count("\x00"):
        page.unseen.append(f"[only the first {len(readable)} characters of the HTML were read]")
    if tree.root is not None:
        _walk(tree.root, page, hidden_by_sheets(tree))
    page.break_line()
    visible, smuggled = reveal("\n".join(page.lines))
    hidden = [_tidy(text) for text in page.unseen]
    return Rendered(_tidy(visible), "\n".join(dict.fromkeys(h for h in [*hidden, smuggled] if h)))


def _readable(html: str) -> str:
    """HTML that the parser can take, up to a number of tags that no honest mail has."""
    html = html.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
    position, tags = html.find("<"), 0
    while position >= 0 and tags < _MOST_TAGS:
        position, tags = html.find("<", position + 1), tags + 1
    return html if position < 0 else html[:position]


@dataclass
class _Page:
    """Lines as they fill up."""

    lines: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    line: list[str] = field(default_factory=list)
    depth: int = 0
    cells: int = 0

    def write(self, text: str) -> None:
        self.line.append(text)

    def break_line(self) -> None:
        text = _SPACE.sub(" ", "".join(self.line)).strip().removesuffix("|").rstrip()
        if text:
            self.lines.append("> " * min(self.depth, 5) + text)
        self.line = []

    def gap(self) -> None:
        self.break_line()
        if self.lines and self.lines[-1].strip("> "):
            self.lines.append("> " * min(self.depth, 5))


def _walk(root: LexborNode, page: _Page, styled: dict[int, dict[str, str]]) -> None:
    """Visit the tree without recursion: a mail may nest ten thousand elements."""
    todo: list[tuple[LexborNode, Look, bool]] = [(root, PAGE, False)]
    while todo:
        node, look, leaving = todo.pop()
        if leaving:
            _close(node, page)
        elif node.is_text_node:
            _say(node.text_content or "", look, page)
        elif node.is_comment_node:
            _note_comment(node.comment_content or "", page)
        elif node.is_element_node and node.tag not in _SKIPPED:
            look = look_of(node, look, styled.get(node.mem_id))
            _open(node, look, page)
            todo.append((node, look, True))
            todo.extend((child, look, False) for child in reversed(_children(node)))


def _children(node: LexborNode) -> list[LexborNode]:
    children, child = [], node.child
    while child is not None:
        children.append(child)
        child = child.next
    return children


def _say(text: str, look: Look, page: _Page) -> None:
    if not look.seen:
        if any(c.isalnum() for c in text) or reveal(text)[1]:
            page.unseen.append(text)
    elif look.preformatted:
        for number, line in enumerate(text.split("\n")):
            if number:
                page.break_line()
            page.write(line)
    else:
        page.write(_SPACE.sub(" ", text))


def _note_comment(text: str, page: _Page) -> None:
    """Comments are kept as evidence when they say something; Outlook's conditional markup says nothing."""
    said = _tidy(_TAG.sub(" ", re.sub(r"^\[if[^\]]*\]>|<!\[endif\]$", "", text.strip(), flags=re.IGNORECASE)))
    if len(re.findall(r"[^\W\d_]{2,}", said)) >= 2 and not re.search(r"[{};]\s*$", said):
        page.unseen.append(said)


def _open(node: LexborNode, look: Look, page: _Page) -> None:
    tag = node.tag or ""
    if tag in _SPACED:
        page.gap()
    elif tag in ("td", "th"):
        if "".join(page.line).strip():
            page.write(" | ")
    elif tag in _BLOCKS or tag in ("br", "hr"):
        page.break_line()
    if tag == "blockquote":
        page.depth += 1
    elif tag == "li" and look.seen:
        page.write(_bullet(node))
    elif tag == "hr" and look.seen:
        page.lines.append("________________________________")
    elif tag == "img" and look.seen:
        alt = str(node.attributes.get("alt") or "")
        if alt and not any(c.isalnum() for c in alt) and len(alt) <= 8:  # mail programs send emoji as pictures
            page.write(alt)
    elif tag == "input" and str(node.attributes.get("type")).lower() == "hidden" and node.attributes.get("value"):
        page.unseen.append(str(node.attributes["value"]))


def _close(node: LexborNode, page: _Page) -> None:
    tag = node.tag or ""
    if tag in _SPACED:
        page.break_line()
        if tag == "blockquote":
            page.depth = max(0, page.depth - 1)
        page.gap()
    elif tag in _BLOCKS and tag not in ("td", "th"):
        page.break_line()


def _bullet(node: LexborNode) -> str:
    parent = node.parent
    if parent is None or parent.tag != "ol":
        return "- "
    number, before = 1, node.prev
    while before is not None:
        number += before.tag == "li"
        before = before.prev
    return f"{number}. "


def _tidy(text: str) -> str:
    """No blanks at line ends, at most one blank line in a row."""
    lines = [_SPACE.sub(" ", line).strip() for line in text.split("\n")]
    return re.sub(r"(?m)(^(?:> ?)*$\n){2,}", "\n", "\n".join(lines)).strip()
