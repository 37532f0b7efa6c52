"""Whether an element can be seen: the few properties of style that mail uses to hide text."""

import re
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

Colour = tuple[int, int, int]

_NAMED: dict[str, Colour] = {
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "snow": (255, 250, 250),
    "ivory": (255, 255, 240),
    "ghostwhite": (248, 248, 255),
    "whitesmoke": (245, 245, 245),
    "floralwhite": (255, 250, 240),
    "mintcream": (245, 255, 250),
    "azure": (240, 255, 255),
    "red": (255, 0, 0),
    "blue": (0, 0, 255),
    "green": (0, 128, 0),
    "gray": (128, 128, 128),
    "grey": (128, 128, 128),
    "silver": (192, 192, 192),
    "navy": (0, 0, 128),
    "yellow": (255, 255, 0),
    "orange": (255, 165, 0),
}
_SAME = 24  # sum of differences of red, green and blue up to which nobody tells two colours apart
_FAR = -400.0  # pixels to the left of or above the page
_RULE = re.compile(r"([^{}]{1,300})\{([^{}]{0,2000})\}")
_MOST_RULES = 400
_LENGTH = re.compile(r"^(-?[\d.]+)\s*(px|pt|em|rem|ex|%|vw|vh|)$")


class Look(NamedTuple):
    """How an element's text looks; children inherit it."""

    gone: bool = False
    invisible: bool = False
    tiny: bool = False
    clear: bool = False
    colour: Colour = (0, 0, 0)
    ground: Colour = (255, 255, 255)
    preformatted: bool = False

    @property
    def seen(self) -> bool:
        alike = sum(abs(a - b) for a, b in zip(self.colour, self.ground, strict=True)) <= _SAME
        return not (self.gone or self.invisible or self.tiny or self.clear or alike)


PAGE = Look()


def look_of(node: LexborNode, parent: Look, sheet: dict[str, str] | None) -> Look:
    """The look of an element inside a parent's look; `sheet` holds what style sheets say of it."""
    attributes = node.attributes
    style = {**(sheet or {}), **declarations(str(attributes.get("style") or ""))}
    given = {
        key: value for key, value in (("color", attributes.get("color")), ("background", attributes.get("bgcolor"))) if value
    }
    style = {**given, **style}
    if not style and "hidden" not in attributes and node.tag not in ("pre", "textarea"):
        return parent
    ground = _colour(style.get("background-color") or style.get("background") or "") or parent.ground
    if "url(" in style.get("background", "") or "background-image" in style:
        ground = (-999, -999, -999)  # a picture behind the text: colours say nothing
    return parent._replace(
        gone=parent.gone or "hidden" in attributes or _is_gone(style),
        invisible=_invisible(style, parent.invisible),
        tiny=_tiny(style, parent.tiny),
        clear=parent.clear if "color" not in style else _transparent(style["color"]),
        colour=_colour(style.get("color", "")) or parent.colour,
        ground=ground,
        preformatted=parent.preformatted or node.tag in ("pre", "textarea") or style.get("white-space", "").startswith("pre"),
    )


def declarations(style: str) -> dict[str, str]:
    """The declarations of a style attribute, names and values in lower case."""
    style = re.sub(r"/\*.*?\*/", "", style[:4000], flags=re.DOTALL).lower()
    pairs = (part.split(":", 1) for part in style.split(";") if ":" in part)
    return {name.strip(): value.replace("!important", "").strip() for name, value in pairs}


def hidden_by_sheets(tree: LexborHTMLParser) -> dict[int, dict[str, str]]:
    """What the document's style sheets declare for each element (by its memory id).

    Rules that hold only on some screens are left out: they hide on a phone what a desk shows.
    """
    found: dict[int, dict[str, str]] = {}
    text = "\n".join(node.text() for node in tree.css("style"))[:100_000]
    text = _without_media(re.sub(r"/\*.*?\*/|<!--|-->", "", text, flags=re.DOTALL))
    for number, rule in enumerate(_RULE.finditer(text)):
        if number >= _MOST_RULES:
            break
        style = declarations(rule.group(2))
        if not style or rule.group(1).strip() in ("*", ":root"):
            continue
        try:
            nodes = tree.css(rule.group(1).strip())
        except SelectolaxError:
            continue
        for node in nodes:
            found.setdefault(node.mem_id, {}).update(style)
    return found


def _without_media(text: str) -> str:
    kept, position = [], 0
    for start in re.finditer(r"@media([^{]*)\{", text):
        if start.start() < position:
            continue
        end = _closing(text, start.end())
        inner = "" if "(" in start.group(1) or "print" in start.group(1) else text[start.end() : end]
        kept += [text[position : start.start()], inner]
        position = end + 1
    return "".join(kept) + text[position:]


def _closing(text: str, position: int) -> int:
    depth = 1
    for mark in re.finditer(r"[{}]", text[position:]):
        depth += 1 if mark.group() == "{" else -1
        if depth == 0:
            return position + mark.start()
    return len(text)


def _is_gone(style: dict[str, str]) -> bool:
    get = style.get
    if get("display") == "none" or get("mso-hide") == "all" or get("content-visibility") == "hidden":
        return True
    opacity = _number(get("opacity", "1"))
    if opacity is not None and opacity < 0.06:
        return True
    if re.search(r"scale[xy3d]*\(\s*0(?:\.0+)?\s*[,)]", get("transform", "")) or re.search(
        r"inset\((?:100|50)%", get("clip-path", "")
    ):
        return True
    if re.match(r"rect\(\s*(?:0|1px)", get("clip", "")):
        return True
    clipped = "hidden" in get("overflow", "") + get("overflow-x", "") + get("overflow-y", "")
    if clipped and any(_small(get(name, "")) for name in ("height", "max-height", "width", "max-width", "line-height")):
        return True
    return any(_far(get(name, "")) for name in ("text-indent", "left", "top", "right", "bottom", "margin-left", "margin-top"))


def _invisible(style: dict[str, str], inherited: bool) -> bool:
    value = style.get("visibility")
    return inherited if value in (None, "inherit") else value in ("hidden", "collapse")


def _tiny(style: dict[str, str], inherited: bool) -> bool:
    value = style.get("font-size") or _font_size(style.get("font", ""))
    if not value or value == "inherit":
        return inherited
    size = _pixels(value)
    if size is None:
        return False
    relative = value.endswith(("em", "%")) and not value.endswith("rem")
    return size <= 1.5 or (relative and inherited)


def _font_size(font: str) -> str:
    match = re.search(r"(?:^|\s)(-?[\d.]+(?:px|pt|em|rem|%))", font)
    return match.group(1) if match else ""


def _pixels(value: str) -> float | None:
    """A length in pixels, roughly; None when it is a word."""
    match = _LENGTH.match(value.strip())
    if not match or (number := _number(match.group(1))) is None:
        return None
    return number * {"pt": 1.33, "em": 16, "rem": 16, "ex": 8, "%": 0.16, "vw": 10, "vh": 8}.get(match.group(2), 1)


def _number(value: str) -> float | None:
    try:
        return float(value.rstrip("%")) / (100 if value.endswith("%") else 1)
    except ValueError:
        return None


def _small(value: str) -> bool:
    size = _pixels(value)
    return size is not None and 0 <= size <= 2


def _far(value: str) -> bool:
    size = _pixels(value.split()[0]) if value.split() else None
    return size is not None and size <= _FAR


def _transparent(value: str) -> bool:
    if value == "transparent":
        return True
    match = re.match(r"(?:rgba?|hsla?)\((?:[^,/]+[,/\s]\s*){3}([\d.]+%?)\s*\)$", value)
    alpha = _number(match.group(1)) if match else None
    return alpha is not None and alpha < 0.06 and value.startswith(("rgba", "hsla"))


def _colour(value: str) -> Colour | None:
    value = value.strip().lower()
    if match := re.search(r"#([0-9a-f]{6}|[0-9a-f]{3})\b", value) or re.fullmatch(r"([0-9a-f]{6})", value):
        digits = match.group(1) if len(match.group(1)) == 6 else "".join(2 * c for c in match.group(1))
        return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)
    if match := re.match(r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)", value):
        return min(int(match.group(1)[:4]), 255), min(int(match.group(2)[:4]), 255), min(int(match.group(3)[:4]), 255)
    return next((_NAMED[word] for word in value.split() if word in _NAMED), None)
