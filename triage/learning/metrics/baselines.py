"""Work with drafts beside what people do alone, and what it is meant to reach."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from triage.learning.metrics import statistics
from triage.learning.metrics.counts import Source, counts_of
from triage.learning.metrics.figure import Figure
from triage.learning.metrics.statistics import Values
from triage.learning.metrics.window import EVERYTHING, Filters, Window


@dataclass(frozen=True)
class Baseline:
    """How long one kind of matter (`category`; None: all together) takes in business seconds: people alone beside drafts.

    `change` is how much longer it takes with a draft, as a share of what people alone take (below 0: shorter), `low` and
    `high` its 95% interval; None without enough cases on either side. For all together it is as if people had the same
    mix of matters as the drafts.
    """

    category: str | None
    people: Figure
    assisted: Figure
    change: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Claim:
    """What work with drafts is meant to reach, and whether it does.

    `value` is a share, a score or a change (`unit`) and stands beside `target`, which it has to reach: from above for a
    change, from below for the others. `reached` is None without enough cases, and `surely` says that the whole 95%
    interval is on the same side. `assisted` and `people` name the metrics whose tickets are behind it, `with_drafts` and
    `alone` are their figures; work that people do alone has no rework of drafts, so there it is "" and None.
    """

    name: str
    title: str
    definition: str
    unit: str
    target: float
    value: float | None
    low: float | None
    high: float | None
    reached: bool | None
    surely: bool
    assisted: str
    with_drafts: Figure
    people: str = ""
    alone: Figure | None = None


def claims(source: Source, window: Window, filters: Filters = EVERYTHING, *, resolution: Baseline | None = None) -> list[Claim]:
    """The three claims: 60% resolved without rework, resolution 40% faster than people alone, a rating of 4.2.

    `resolution` is the first of the baselines, for whoever has asked for them already.
    """
    counts = counts_of(source)
    time = resolution or baselines(counts, window, filters)[0]
    kept, rated, alone = (
        counts.compute(name, window, filters) for name in ("resolved_without_rework", "csat_assisted", "csat_people")
    )
    return [
        _claim(
            "without_rework", "Resolved without rework", "Tickets the agents worked on that were resolved with at most a light edit.",
            "share", 0.6, _ends(kept), "resolved_without_rework", kept,
        ),
        _claim(
            "faster", "Resolution time against people alone",
            "Change of the median resolution time in business hours, as if people alone had the same mix of matters.",
            "change", -0.4, (time.change, time.low, time.high), "resolution_assisted", time.assisted, "resolution_people", time.people,
        ),
        _claim(
            "rating", "Rating, with a draft", "Mean rating from 1 to 5 where the sent reply was the agents' draft, edited or not.",
            "score", 4.2, _ends(rated), "csat_assisted", rated, "csat_people", alone,
        ),
    ]  # fmt: skip


def baselines(source: Source, window: Window, filters: Filters = EVERYTHING, *, of: str = "resolution") -> list[Baseline]:
    """First reply (`of="first_reply"`) or resolution beside what people alone take: all together first, then by category.

    All together is standardised: each matter's medians weigh as many cases as its drafts have (direct standardisation).
    """
    counts, names = counts_of(source), (f"{of}_people", f"{of}_assisted")
    people, assisted = ({s.key: s.figure for s in counts.slices(name, window, filters, by="category")} for name in names)
    rows, compared = [], []
    for key in (key for key in assisted if key in people):
        alone, drafts = (counts.values(name, window, filters, part=("category", key)) for name in names)
        pairs = [(alone, drafts)] if min(len(alone), len(drafts)) >= statistics.ENOUGH else []
        rows.append(Baseline(str(key) if key else None, people[key], assisted[key], *_change(pairs)))
        compared += pairs
    whole = [counts.compute(name, window, filters) for name in names]
    return [Baseline(None, whole[0], whole[1], *_change(compared)), *rows]


def _change(pairs: Sequence[tuple[Values, Values]]) -> tuple[float | None, float | None, float | None]:
    """From the medians of the first (people) to those of the second (drafts), each pair weighed by its drafts; with interval.

    All values are sorted. Each median is resampled by itself.
    """
    before, after = (sum(len(pair[1]) * statistics.ordered_quantile(pair[side], 0.5) for pair in pairs) for side in (0, 1))
    if not before:
        return None, None, None
    drawn = np.zeros((2, statistics.DRAWS))
    for n, pair in enumerate(pairs):
        for side in (0, 1):
            drawn[side] += len(pair[1]) * statistics.redrawn(pair[side], 0.5, series=2 * n + side)
    change, possible = after / before - 1, drawn[0] > 0
    return change, *statistics.interval(change, drawn[1][possible] / drawn[0][possible] - 1)


def _ends(figure: Figure) -> tuple[float | None, float | None, float | None]:
    return (figure.value, figure.low, figure.high) if figure.enough else (None, None, None)


def _claim(
    name: str, title: str, definition: str, unit: str, target: float, found: tuple[float | None, float | None, float | None],
    assisted: str, with_drafts: Figure, people: str = "", alone: Figure | None = None,
) -> Claim:  # fmt: skip
    value, low, high = found

    def kept(number: float) -> bool:
        return number <= target if unit == "change" else number >= target

    reached = None if value is None else kept(value)
    surely = low is not None and high is not None and kept(low) == kept(high)
    return Claim(name, title, definition, unit, target, value, low, high, reached, surely, assisted, with_drafts, people, alone)
