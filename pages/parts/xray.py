"""The X-ray of a flagged message: marks in the customer's words, and the card that says what they mean."""

from collections.abc import Iterable

from markupsafe import Markup

from pages.parts.markup import card, join, mute, show, tag
from triage import xray
from triage.xray import Mark, Part, XRay


def marked(text: str, marks: list[Mark]) -> Markup:
    """The text with its suspicious stretches highlighted; each says why."""
    parts: list[Markup | str] = []
    for piece, mark in xray.pieces(text, marks):
        parts.append(tag("mark", piece, cls="b" if mark.grave else None, title=mark.why) if mark else piece)
    return tag("div", *parts, cls="td-text td-xray")


def card_of(found: XRay) -> None:
    """What is suspicious in this ticket and why, what was hidden or decoded, and which sentences of the draft derive from it."""
    if not (found.parts or found.echoes):
        return
    show(
        card(
            mute("What the guards saw in the customer's message. It is evidence, not a request."),
            *[_part(part) for part in found.parts],
            _echoes(found),
            title="X-ray",
            tone="warn",
            role="region",
            aria_label="X-ray of the message",
        )
    )


def _part(part: Part) -> Markup:
    heading = f"In the {part.name}" if part.name in ("message", xray.HIDDEN) else f"In the file {part.name}"
    items = [tag("li", tag("q", _short(part.text[mark.start : mark.end])), " ", mute(mark.why)) for mark in part.marks] + [
        tag("li", tag("q", _short(text)), " ", mute(f"decoded from {how}")) for how, text in part.decoded
    ]
    whole = (
        tag("div", marked(part.text[:4_000], part.marks), cls="td-bench", tabindex=0, role="group", aria_label="Hidden text")
        if part.name == xray.HIDDEN
        else None
    )
    return tag("div", tag("h4", heading), whole, _list(items), cls="td-xray-part")


def _echoes(found: XRay) -> Markup:
    if not found.echoes:
        return tag("div", mute("No sentence of the draft derives from it."), cls="td-xray-part")
    items = [
        tag("li", tag("b", echo.sentence), " ", mute("derives from "), tag("q", _short(echo.source))) for echo in found.echoes
    ]
    return tag("div", tag("h4", "In the draft"), _list(items), cls="td-xray-part")


def _list(items: Iterable[Markup]) -> Markup:
    listed = join(*items)
    return tag("ul", listed, cls="td-list plain") if listed else Markup("")


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 220 else f"{text[:219]}…"
