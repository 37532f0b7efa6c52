"""Web pages to Markdown: headings, paragraphs, lists, tables and links of the main part; nothing that a reader of the
page would not see.

What is the main part: <main> or <article> where there is one, else the element whose own paragraphs hold the most
text outside links (the rule of Mozilla's Readability, shortened).
"""

import base64
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from triage.errors import InputError

MOST_TAGS = 200_000
DEEPEST = 200  # elements within each other
_NEVER = (
    "head, script, style, noscript, template, iframe, object, embed, svg, canvas, audio, video, math, nav, form, button, dialog, "
    "select, textarea, input, [role=navigation], [role=search], [role=banner], [role=contentinfo], [role=dialog], [role=alertdialog]"
)
_UNSEEN = "[hidden], [aria-hidden=true], .visually-hidden, .sr-only, .screen-reader-text, .skip-link"
_AROUND = "body > header, body > footer, body > aside, main > aside, main > header nav, body > div > header, body > div > footer, body > div > aside"
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|(?<![\w-])font-size\s*:\s*0(?![.\d]*[1-9])|(?<![\w-])opacity\s*:\s*0(?![.\d]*[1-9])|"
    r"(?:left|top|text-indent)\s*:\s*-\d{3,}|clip\s*:\s*rect\(\s*0|transform\s*:\s*scale\(\s*0",
    re.IGNORECASE,
)
_NESTING = re.compile(  # all but those that need no end
    r"<(/?)(?!(?:p|li|t[dhr]|thead|tbody|tfoot|d[dt]|option|h[1-6]|br|img|hr|input|meta|link|col|wbr|source|area|base|html|head|body)\b)[a-z]",
    re.IGNORECASE,
)
_SHEET_RULE = re.compile(r"([^{}@;]{1,400})\{([^{}]{0,2000})\}")
_TRIMMINGS = re.compile(
    r"breadcrumb|cookie|consent|gdpr|newsletter|share|social|sidebar|side-bar|related|pagination|pager|popup|promo|"
    r"advert|banner|masthead|site-header|site-footer|page-footer|toc\b|table-of-contents|feedback|was-this-helpful|vote|comments?\b",
    re.IGNORECASE,
)
_BLOCKS = frozenset({
    "p", "div", "section", "article", "main", "blockquote", "figure", "figcaption", "dl", "dd", "dt", "body", "td", "th", "center",
    "details", "summary", "header", "footer", "aside", "address", "fieldset", "tbody", "tr",
})  # fmt: skip
_OWN = frozenset({"ul", "ol", "table", "pre", "hr", "h1", "h2", "h3", "h4", "h5", "h6"})
_DATA = re.compile(r"data:image/([a-z0-9.+-]{1,20});base64,", re.IGNORECASE)
_ANY_BLOCK = ", ".join(sorted(_BLOCKS | _OWN))


@dataclass(frozen=True)
class Page:
    """A page as an article; `notes` say what was left out, `language` is what the page says it is in, or "".

    A page from a file keeps its relative links and pictures: what does not lie beside it is relative to `base`. Pictures
    within the page are `embedded`, linked as `embedded:NAME`.
    """

    title: str
    body: str
    language: str = ""
    notes: tuple[str, ...] = ()
    embedded: dict[str, bytes] = field(default_factory=dict)
    base: str = ""


@dataclass
class _Walk:
    """What is known while the page is walked."""

    base: str
    holders: set[int]  # elements that have a block somewhere below them
    is_file: bool = False
    pictures: int = 0
    embedded: dict[str, bytes] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)


def to_page(html: str, base: str = "", *, is_file: bool = False) -> Page:
    """The main part of a page as Markdown. `base` is its address, by which relative links become whole ones; those of a file stay.

    Raises InputError for a page with more tags or deeper nesting than any that people read.
    """
    from selectolax.lexbor import LexborHTMLParser

    if html.count("<") > MOST_TAGS:
        raise InputError(f"the page has more than {MOST_TAGS:,} tags; save the part that people read.")
    if _left_open(html) > 5 * DEEPEST or _is_deep(page := LexborHTMLParser(html.replace("\x00", ""))):
        raise InputError("the page nests its elements too deeply; save the part that people read.")
    base = _base(page, base)
    whole = page.css_first("html[lang]")
    language = str(whole.attributes.get("lang") or "")[:2].lower() if whole else ""
    named = _line(found.text()) if (found := page.css_first("title")) else ""
    unseen = _drop_unseen(page)
    root, heading = _main(page)
    title = _line(heading.text()) if heading else named
    if heading:
        heading.decompose()
    walk = _Walk(base, _holders(page), is_file)
    if root is not None:
        _walk(root, walk, walk.lines)
    notes = [f"{walk.pictures} picture{'s' * (walk.pictures > 1)} left out"] if walk.pictures else []
    notes += ["text that readers of the page cannot see left out"] if unseen else []
    body = re.sub(r"\n{3,}", "\n\n", "\n".join(walk.lines)).strip()
    return Page(title, body, language, tuple(notes), walk.embedded, base)


# ---- which part --------------------------------------------------------------------------------------------


def _base(page: Any, given: str) -> str:
    """The address that relative links are relative to: <base>, else the page's own, else the one it calls canonical."""
    tag = page.css_first("base[href]")
    base = urljoin(given, str(tag.attributes.get("href") or "")) if tag else given
    if not base and (canonical := page.css_first("link[rel=canonical][href]")):
        base = str(canonical.attributes.get("href") or "")
    return base if base.startswith(("http://", "https://")) else ""


def _left_open(html: str) -> int:
    """The most elements that are open at once, by their tags alone: parsing nested ones takes the square of their number."""
    depth = most = 0
    for tag in _NESTING.finditer(html):
        depth = max(0, depth - 1) if tag.group(1) else depth + 1
        most = max(most, depth)
    return most


def _is_deep(page: Any) -> bool:
    todo = [(page.root, 0)]
    while todo:
        node, depth = todo.pop()
        if depth > DEEPEST:
            return True
        child = node.child if node is not None else None
        while child is not None:
            if child.child is not None:
                todo.append((child, depth + 1))
            child = child.next
    return False


def _drop_unseen(page: Any) -> bool:
    """Take out what is no text of the page, and what cannot be seen; whether any of the latter said something."""
    hiding = [
        selector
        for sheet in page.css("style")
        for selector, rules in _SHEET_RULE.findall(sheet.text()[:200_000])
        if _HIDDEN.search(rules) and ":" not in selector
    ]
    for node in page.css(_NEVER):
        node.decompose()
    said = False
    for selector in [_UNSEEN, *hiding[:500]]:
        try:
            found = page.css(selector.strip())
        except Exception:  # a selector of a newer standard than the parser's
            continue
        for node in found:
            if node.tag not in ("html", "body"):
                said |= selector is not _UNSEEN and bool(node.text().strip())
                node.decompose()
    for node in page.css("[style]"):
        if node.tag != "body" and _HIDDEN.search(node.attributes.get("style") or ""):
            said |= bool(node.text().strip())
            node.decompose()
    return said


def _main(page: Any) -> tuple[Any, Any]:
    """The element that holds the article, and its heading."""
    root = page.css_first("main, [role=main]") or _only(page.css("article"))
    if root is None:
        for node in page.css(_AROUND):
            node.decompose()
        _drop_trimmings(page.body)
        root = _densest(page) or page.body
        heading = page.css_first("h1")
    else:
        _drop_trimmings(root)
        heading = root.css_first("h1") or page.css_first("h1")
    return root, heading


def _only(found: list[Any]) -> Any:
    return found[0] if len(found) == 1 else None


def _drop_trimmings(root: Any) -> None:
    """Bars, banners and boxes around the text, known by their names; what holds most of the text stays."""
    if root is None:
        return
    whole = len(root.text(strip=True))
    for node in root.css("div, section, aside, ul, ol, p, header, footer"):
        name = f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''}"
        if node.mem_id != root.mem_id and _TRIMMINGS.search(name) and len(node.text(strip=True)) * 3 < whole:
            node.decompose()


def _densest(page: Any) -> Any:
    """The element whose paragraphs hold the most text outside links; None when the whole body is not much more."""
    points: dict[int, float] = defaultdict(float)
    nodes: dict[int, Any] = {}
    for paragraph in page.css("p, pre, li, td, h2, h3"):
        text = len(paragraph.text(strip=True))
        linked = sum(len(link.text(strip=True)) for link in paragraph.css("a"))
        node, share = paragraph.parent, 1.0
        for _ in range(3):
            if node is None or node.tag in ("body", "html", "-document"):
                break
            nodes[node.mem_id] = node
            points[node.mem_id] += (text - 2 * linked) * share
            node, share = node.parent, share / 2
    if not points or page.body is None:
        return None
    best = nodes[max(points, key=lambda key: points[key])]
    return best if len(best.text(strip=True)) * 2 > len(page.body.text(strip=True)) else None


def _holders(page: Any) -> set[int]:
    found: set[int] = set()
    for node in page.css(_ANY_BLOCK):
        node = node.parent
        while node is not None and node.mem_id not in found:
            found.add(node.mem_id)
            node = node.parent
    return found


# ---- the text ----------------------------------------------------------------------------------------------


def _walk(node: Any, walk: _Walk, lines: list[str]) -> None:
    """Append the lines of a node's children; text between blocks is gathered into paragraphs."""
    run: list[str] = []

    def end_run() -> None:
        if text := _line("".join(run)):
            lines.extend(["", _safe(text), ""])
        run.clear()

    for child in node.iter(include_text=True):
        tag = child.tag
        if tag == "br":
            end_run()
        elif tag in _BLOCKS or tag in _OWN:
            end_run()
            _block(child, walk, lines)
        elif child.mem_id in walk.holders:
            end_run()
            _walk(child, walk, lines)
        else:
            run.append(_inline(child, walk))
    end_run()


def _block(node: Any, walk: _Walk, lines: list[str]) -> None:
    tag = node.tag
    if tag in ("ul", "ol"):
        _list(node, walk, lines)
    elif tag == "table":
        _table(node, walk, lines)
    elif tag == "pre":
        fence = "````" if "```" in node.text() else "```"
        lines += ["", fence, *node.text().strip("\n").split("\n"), fence, ""]
    elif tag in _OWN and tag != "hr":
        if text := _line(_inline_of(node, walk, marks=False)):
            lines += ["", f"{'#' * max(2, int(tag[1:]))} {text}", ""]
    elif tag == "blockquote":
        inner: list[str] = []
        _walk(node, walk, inner)
        text = re.sub(r"\n{3,}", "\n\n", "\n".join(inner)).strip()
        lines += ["", *(f"> {line}".rstrip() for line in text.split("\n")), ""]
    elif tag != "hr":
        _walk(node, walk, lines)


def _inline(node: Any, walk: _Walk, marks: bool = True) -> str:
    """The text of a node within a paragraph, with its links and emphasis."""
    tag = node.tag
    if tag == "-text":
        return str(node.text(deep=False) or "")
    if tag == "img":
        return "" if _is_dot(node) else _picture(node, walk) if marks else ""
    if tag == "br":
        return " "
    inner = _inline_of(node, walk, marks)
    text = inner.strip()
    if not text or not marks:
        return inner
    if tag == "a" and (address := _address(node, walk)):
        return _around(inner, f"[{_line(text)}]({address})")
    if tag in ("b", "strong") and "**" not in text:
        return _around(inner, f"**{text}**")
    if tag in ("em", "i") and "*" not in text:
        return _around(inner, f"*{text}*")
    if tag in ("code", "kbd", "samp") and "`" not in text:
        return _around(inner, f"`{_line(text)}`")
    return inner


def _inline_of(node: Any, walk: _Walk, marks: bool = True) -> str:
    return "".join(_inline(child, walk, marks) for child in node.iter(include_text=True))


def _around(inner: str, text: str) -> str:
    """The blanks around a marked text stay outside its marks."""
    return inner[: len(inner) - len(inner.lstrip())] + text + inner[len(inner.rstrip()) :]


def _address(node: Any, walk: _Walk) -> str:
    """Where a link leads, whole unless it is one of a file; "" for one that leads nowhere outside its page."""
    given = str(node.attributes.get("href") or "").strip()
    if not given or given.startswith("#"):
        return ""
    try:
        given_parts = urlsplit(given)
        if walk.is_file and not given_parts.scheme and not given_parts.netloc:
            return _quoted(given)
        address = urljoin(walk.base, given)
        parts = urlsplit(address)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https", "mailto", "tel") or (parts.scheme in ("http", "https") and not parts.hostname):
        return ""
    return _quoted(address)


def _quoted(address: str) -> str:
    return re.sub(r"[\s()<>]", lambda found: f"%{ord(found.group()):02X}", address)


def _picture(node: Any, walk: _Walk) -> str:
    """A picture that lies beside the file or within the page; others are counted."""
    given, alt = str(node.attributes.get("src") or "").strip(), re.sub(r"[\[\]\\]", " ", str(node.attributes.get("alt") or ""))
    if found := _DATA.match(given):
        try:
            data = base64.b64decode(given[found.end() :], validate=False)
        except ValueError:
            data = b""
        if data:
            name = f"picture-{len(walk.embedded) + 1}.{found[1].lower().replace('jpeg', 'jpg').replace('svg+xml', 'svg')}"
            walk.embedded[name] = data
            return f"![{_line(alt) or name}](embedded:{name})"
    if walk.is_file and given and not re.match(r"[a-z][a-z0-9+.-]*:|//", given, re.IGNORECASE):
        return f"![{_line(alt)}]({_quoted(given)})"
    walk.pictures += 1
    return ""


def _is_dot(node: Any) -> bool:
    """Whether a picture is only there to be counted by."""
    return any(str(node.attributes.get(side) or "") in ("0", "1") for side in ("width", "height"))


def _list(node: Any, walk: _Walk, lines: list[str]) -> None:
    lines.append("")
    number = 0
    for item in node.iter():
        if item.tag != "li":
            continue
        number += 1
        sign = f"{number}. " if node.tag == "ol" else "- "
        inner: list[str] = []
        _walk(item, walk, inner)
        kept = [line for line in inner if line.strip()]
        if kept:
            lines.append(sign + kept[0])
            lines += [" " * len(sign) + line for line in kept[1:]]
    lines.append("")


def _table(node: Any, walk: _Walk, lines: list[str]) -> None:
    """A table of cells; one that only lays out the page is read as the blocks in it."""
    if len(node.css("table")) > 1 or node.css_first("h1, h2, h3, h4, ul, ol, pre") is not None:
        _walk(node, walk, lines)
        return
    rows = [[_line(_inline_of(cell, walk)).replace("|", "\\|") for cell in row.css("td, th")] for row in node.css("tr")]
    rows = [row for row in rows if any(row)]
    if not rows:
        return
    width = max(map(len, rows))
    padded = [row + [""] * (width - len(row)) for row in rows]
    lines += ["", f"| {' | '.join(padded[0])} |", "|" + " --- |" * width, *(f"| {' | '.join(row)} |" for row in padded[1:]), ""]


def _line(text: str) -> str:
    return " ".join(text.split())


def _safe(text: str) -> str:
    """A paragraph that happens to begin like a heading, a list or a quotation stays a paragraph."""
    return "\\" + text if re.match(r"(?:#{1,6}|[-+>])\s|(?:-{3,}|={3,})$", text) else text
