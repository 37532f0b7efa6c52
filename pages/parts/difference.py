"""What changed between two texts: words taken out struck through, words put in lit."""

from collections.abc import Sequence

from markupsafe import Markup

from pages.parts.markup import mute, tag
from triage.library import compare
from triage.library.compare import Line, Piece

_BESIDE = 90  # characters that stay the same shown on either side of a change
_AROUND = 3  # unchanged lines shown on either side of a change


def inline(old: str, new: str) -> Markup:
    """Both texts in one."""
    return tag("div", *marked(compare.inline(old, new)), cls="td-draft")


def inline_short(old: str, new: str) -> Markup:
    """Two sentences in one line."""
    return tag("div", *marked(compare.words(old, new)), cls="td-diff")


def around(old: str, new: str) -> Markup:
    """Only what changed, each with the words beside it."""
    pieces = compare.inline(old, new)
    shown: list[Markup | str] = []
    for n, piece in enumerate(pieces):
        if piece.kind != "same" or len(piece.text) <= 2 * _BESIDE:
            shown += marked([piece])
            continue
        shown += [piece.text[:_BESIDE]] if n else []
        shown.append(" … ")
        shown += [piece.text[-_BESIDE:]] if n < len(pieces) - 1 else []
    return tag("div", *shown, cls="td-diff short", tabindex=0, role="group", aria_label="What changed")


def side_by_side(old: str, new: str, before: str, after: str) -> Markup:
    """Both texts beside each other under their names; long stretches that stayed the same are left out."""
    return sides(compare.side_by_side(old, new), before, after)


def sides(lines: Sequence[Line], before: str, after: str) -> Markup:
    """`side_by_side` of texts that were compared already."""
    near = {m for n, line in enumerate(lines) if not line.same for m in range(n - _AROUND, n + _AROUND + 1)}
    rows: list[Markup] = []
    left_out = 0
    for n, line in enumerate(lines):
        if n not in near and len(lines) > 2 * _AROUND + 1:
            left_out += 1
            continue
        rows += [_gap(left_out)] if left_out else []
        rows.append(_row(line))
        left_out = 0
    rows += [_gap(left_out)] if left_out else []
    head = tag("tr", tag("th", before, colspan=2, scope="col"), tag("th", after, colspan=2, scope="col"))
    widths = tag("colgroup", *[tag("col", cls="n" if n % 2 == 0 else None) for n in range(4)])
    return tag("table", widths, tag("thead", head), tag("tbody", *rows), cls="td-sides")


def _row(line: Line) -> Markup:
    left, right = ("" if line.same else "out", "" if line.same else "in")
    return tag(
        "tr",
        tag("td", str(line.before_number or ""), cls="n"),
        tag("td", *marked(line.before), cls=left if line.before_number else "none"),
        tag("td", str(line.after_number or ""), cls="n"),
        tag("td", *marked(line.after), cls=right if line.after_number else "none"),
    )


def _gap(lines: int) -> Markup:
    return tag("tr", tag("td", mute(f"{lines:,} lines the same" if lines > 1 else "1 line the same"), colspan=4, cls="gap"))


def marked(pieces: Sequence[Piece]) -> list[Markup | str]:
    """Pieces of a word diff as elements."""
    names = {"out": "del", "in": "ins"}
    return [tag(names[piece.kind], piece.text) if piece.kind in names else piece.text for piece in pieces]
