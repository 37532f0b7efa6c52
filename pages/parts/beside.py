"""Work with drafts beside what people do alone: the three claims with their verdicts, and the times of each matter."""

from pages.parts import behind, charts_closer, words
from pages.parts.chart_files import Taken
from pages.parts.graph import graph
from pages.parts.markup import mute, show
from pages.parts.table import Cell, Column, Line, table
from triage.learning.metrics import METRICS, Baseline, Claim, Figure
from triage.learning.metrics import wording as figures

_COLUMNS = (
    Column("Figure", "wide"), Column("With a draft", "right"), Column("People alone", "right"), Column("Change", "right"),
    Column("95% interval", "right extra"), Column("To reach", "right"), Column("Reached", "short"),
)  # fmt: skip


def beside(claims: list[Claim], replies: list[Baseline], resolutions: list[Baseline], about: str) -> None:
    """The claims as a table, whose rows open their tickets. `about` says of which range and filters they are."""
    lines = [_line(claim) for claim in claims]
    lines.insert(1, _reply(replies[0]))
    if opened := table(_COLUMNS, lines, key="beside", label="With a draft, beside people alone"):
        behind.open_(opened)
    rows = _matters(resolutions)
    if not rows:
        show(mute("How long each matter takes appears here once people answer 30 of its tickets alone and 30 with a draft."))
        return
    height = 40 + 26 * len(rows)
    taken = Taken(charts_closer.dumbbells(rows), rows, "Resolution by matter, business hours", about, height)
    graph(taken, name="matters", alt_text="For each matter two dots: median resolution time with a draft, and by people alone")


def _line(claim: Claim) -> Line:
    known = claim.reached is not None
    said = figures.claimed(claim.unit, claim.value)
    change = said if claim.unit == "change" and known else ""
    tone = "m" if not known else "w" if not claim.surely else "o" if claim.reached else "b"
    span = f"{figures.claimed(claim.unit, claim.low)} to {figures.claimed(claim.unit, claim.high)}" if known else ""
    target = figures.claimed(claim.unit, claim.target)
    return Line(
        claim.assisted,
        (
            Cell(claim.title, title=claim.definition),
            _value(claim.assisted, claim.with_drafts),
            _value(claim.people, claim.alone) if claim.people and claim.alone else Cell("–", tone="m", title="Drafts alone can be reworked"),
            Cell(change, strong=True),
            Cell(span, tone="m"),
            Cell(target, tone="m"),
            Cell(chips=((figures.reached(claim), tone),)),
        ),
        label=f"{claim.title}: {said}, to reach {target}, {figures.reached(claim)}",
    )  # fmt: skip


def _reply(whole: Baseline) -> Line:
    """The first reply, which no claim is about."""
    definition = "Change of the median first reply in business hours, as if people alone had the same mix of matters."
    change, low, high = (figures.claimed("change", number) for number in (whole.change, whole.low, whole.high))
    known = whole.change is not None
    return Line(
        "first_reply_assisted",
        (
            Cell("First reply against people alone", title=definition), _value("first_reply_assisted", whole.assisted),
            _value("first_reply_people", whole.people), Cell(change if known else "", strong=known), Cell(f"{low} to {high}" if known else "", tone="m"), Cell(), Cell(),
        ),
    )  # fmt: skip


def _value(name: str, figure: Figure) -> Cell:
    metric = METRICS[name]
    span = figures.interval(metric, figure)
    about = f"{metric.title}: {figures.basis(metric, figure)} {metric.grain.plural}" + (f", 95% interval {span}" if span else "")
    return Cell(figures.shown(metric, figure), tone="" if figure.enough else "m", title=about, sort=figure.value or 0.0)


def _matters(resolutions: list[Baseline]) -> list[dict[str, object]]:
    """Matters that are known well enough on either side, those that drafts shorten most first."""
    known = sorted((one for one in resolutions[1:] if one.change is not None), key=lambda one: one.change or 0.0)
    return [
        {
            "matter": words.label(one.category) if one.category else "none",
            "with_a_draft_seconds": one.assisted.value, "people_alone_seconds": one.people.value, "change_share": one.change,
            "low": one.low, "high": one.high, "with_a_draft": one.assisted.numerator, "people_alone": one.people.numerator,
        }
        for one in known
    ]  # fmt: skip
