"""What every metric has to be, counted from the story by rules written down once more: no SQL and none of the desk's code."""

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import fsum

import numpy as np

from benchmarks.year.story import ERRORS, ZONE, Draft, Episode, Sentence, Year

_WEEK = timedelta(days=7)
_BANDS = ((0, 0.0, 0.45), (45, 0.45, 0.6), (60, 0.6, 0.75), (75, 0.75, 0.9), (90, 0.9, 1.01))


@dataclass
class Tally:
    """The cases of one metric: of which matter, whether it counts, its value, and the part of it that it belongs to."""

    matter: "array[int]" = field(default_factory=lambda: array("l"))
    person: "array[int]" = field(default_factory=lambda: array("l"))
    hit: "array[int]" = field(default_factory=lambda: array("b"))
    value: "array[float]" = field(default_factory=lambda: array("d"))
    part: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Answer:
    """Numerator, denominator and value; None where there is nothing to count."""

    hits: int
    cases: int
    value: float | None


class Truth:
    """All tallies of a year, to be asked by metric and by part."""

    def __init__(self, year: Year, asked: datetime) -> None:
        self.year, self.asked = year, asked
        self.tallies: dict[str, Tally] = defaultdict(Tally)
        for place, episode in enumerate(year.episodes):
            if not episode.training:
                _Counting(self, place, episode).all()
        for at, model in year.openings:
            self.add("breaker_openings", -1 - at.astimezone(ZONE).toordinal(), 0, True, part=model)
        dates = [episode.started.astimezone(ZONE).date() for episode in year.episodes]
        self._columns: dict[str, list[object]] = {
            "month": [(day.year, day.month) for day in dates],
            "category": [episode.category for episode in year.episodes],
            "language": [episode.language for episode in year.episodes],
            "channel": [episode.channel for episode in year.episodes],
        }

    def add(self, metric: str, matter: int, person: int | None, hit: object, value: float = 0.0, part: str = "") -> None:
        tally = self.tallies[metric]
        tally.matter.append(matter)
        tally.person.append(person or 0)
        tally.hit.append(1 if hit else 0)
        tally.value.append(value)
        tally.part.append(part)

    def whole(self, metric: str, statistic: str) -> Answer:
        """The metric over the whole year."""
        tally = self.tallies[metric]
        return _answer(statistic, np.array(tally.hit), np.array(tally.value))

    def by(self, metric: str, statistic: str, dimension: str) -> dict[object, Answer]:
        """The metric by month, category, language, channel or person; None is nobody."""
        tally = self.tallies[metric]
        hits, values = np.array(tally.hit), np.array(tally.value)
        groups: dict[object, list[int]] = defaultdict(list)
        if dimension == "person":
            keys: Iterable[object] = (person or None for person in tally.person)
        else:
            keys = (self._key(dimension, matter) for matter in tally.matter)
        for place, key in enumerate(keys):
            groups[key].append(place)
        return {key: _answer(statistic, hits[places], values[places]) for key, places in groups.items()}

    def parts(self, metric: str) -> dict[str, int]:
        """How often each part of the numerator (a reason, a model) came."""
        tally, found = self.tallies[metric], defaultdict(int)
        for hit, part in zip(tally.hit, tally.part, strict=True):
            if hit:
                found[part] += 1
        return dict(found)

    def sums(self, metric: str) -> dict[str, float]:
        """The values of each part of the numerator, added up."""
        tally, found = self.tallies[metric], defaultdict(list)
        for hit, part, value in zip(tally.hit, tally.part, tally.value, strict=True):
            if hit:
                found[part].append(value)
        return {part: fsum(values) for part, values in found.items()}

    def _key(self, dimension: str, matter: int) -> object:
        if matter >= 0:
            return self._columns[dimension][matter]
        day = date.fromordinal(-1 - matter)
        return (day.year, day.month) if dimension == "month" else None


def _answer(statistic: str, hits: "np.ndarray", values: "np.ndarray") -> Answer:
    cases, count = len(hits), int(hits.sum())
    chosen = values[hits == 1]
    at = {"median": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99}.get(statistic)
    if statistic == "count":
        value: float | None = float(count)
    elif statistic == "sum":
        value = fsum(chosen)
    elif statistic == "per_case":
        value = fsum(values) / count if count else None
    elif statistic == "share":
        value = count / cases if cases else None
    elif not count:
        value = None
    else:
        value = fsum(chosen) / count if at is None else float(np.quantile(chosen, at))
    return Answer(count, cases, value)


def worked(start: datetime, end: datetime) -> float:
    """Seconds between two moments from Monday to Friday, eight to six, on the clocks of Amsterdam.

    The clocks change at night on Sundays, so a working day's seconds are those of its wall.
    """
    first, last = start.astimezone(ZONE), end.astimezone(ZONE)
    total, day = 0.0, first.date()
    while day <= last.date():
        if day.weekday() < 5:
            opens, closes = 8 * 3600.0, 18 * 3600.0
            begins = max(opens, _of_day(first)) if day == first.date() else opens
            ends = min(closes, _of_day(last)) if day == last.date() else closes
            total += max(0.0, ends - begins)
        day += timedelta(days=1)
    return total


def _of_day(moment: datetime) -> float:
    return moment.hour * 3600.0 + moment.minute * 60.0 + moment.second + moment.microsecond / 1e6


class _Counting:
    """Counts one matter for every metric."""

    def __init__(self, truth: Truth, place: int, episode: Episode) -> None:
        self.truth, self.place, self.e = truth, place, episode
        self.runs = [run for run in episode.runs if not run.fork]
        self.decided = [draft for draft in episode.drafts if draft.decision]
        self.approved = [draft for draft in self.decided if draft.decision == "approve"]
        self.drafted_send = any(draft.agents for draft in self.approved)
        self.own_send = bool(self.approved) and not self.drafted_send
        self.assisted = bool(episode.resolved) and self.drafted_send and not episode.escalated

    def add(self, metric: str, hit: object, value: float = 0.0, part: str = "", *, where: object = True, person: int | None = None,
            own: bool = False) -> None:  # fmt: skip
        if where:
            self.truth.add(metric, self.place, person if own else self.e.person, hit, value, part)

    def all(self) -> None:
        for count in (self.outcomes, self.quality, self.ratings, self.times, self.targets, self.machine, self.knowledge):
            count()
        for draft in self.e.drafts:
            self.draft(draft)

    def outcomes(self) -> None:
        e, resolved = self.e, bool(self.e.resolved)
        involved = e.eligible and bool(self.runs)
        self.add("volume", e.eligible)
        self.add("messages", e.eligible)
        self.add("backlog", True, where=e.eligible and not e.replied and not e.resolved)
        self.add("coverage", any(draft.agents for draft in e.drafts), where=e.eligible)
        self.add("assisted_resolution", self.assisted, where=involved)
        self.add("autonomous_resolution", resolved and e.replied and not self.decided, where=involved)
        self.add("resolution_lenient", resolved and e.resolution == "assumed", where=involved)
        self.add("resolution_strict", resolved and e.resolution == "verified", part="None", where=involved)
        self.add("escalation_rate", e.escalated, part=e.reason.replace("_", " "), where=involved)
        reworked = any(draft.decision in ("reject", "request_changes") for draft in self.decided)
        light = any(draft.agents and draft.distance <= 0.4 for draft in self.approved)
        self.add("resolved_without_rework", resolved and light and not reworked and not e.escalated, where=involved)
        self.add("false_escalation", e.label == "false", where=involved and e.escalated and e.label)
        self.add("missed_escalation", e.label == "missed", where=involved and not e.escalated and e.label)
        self.add("reopen_rate", e.returned in ("ticket", "later"), where=e.eligible and resolved)
        old = e.eligible and e.resolved is not None and e.resolved + _WEEK <= self.truth.asked
        stayed = e.returned not in ("ticket", "other")
        self.add("durable_resolution", stayed, where=old)
        self.add("first_contact_resolution", stayed and e.replies == 1 and e.transfers == 0, where=old)
        self.add("cost_per_resolution", stayed, fsum(run.cost for run in self.runs), where=old)
        self.add("cost_per_ticket", involved, fsum(run.cost for run in self.runs), where=e.eligible)
        self.add("ended_resolved", self.assisted, where=e.eligible)
        self.add("ended_escalated", e.escalated, where=e.eligible)
        self.add("ended_people", resolved and not e.escalated and not self.drafted_send, where=e.eligible)
        self.add("ended_open", not resolved and not e.escalated, where=e.eligible)

    def quality(self) -> None:
        for name, said, final in zip(("category", "priority", "route"), self.e.said, self.e.final, strict=True):
            self.add(f"triage_{name}", final in ("", said), where=self.e.eligible and said and (final or self.decided))

    def ratings(self) -> None:
        e, resolved = self.e, self.e.eligible and self.e.resolved
        rated, score = e.csat is not None, float(e.csat or 0)
        self.add("csat", rated, score, where=resolved)
        self.add("csat_assisted", rated, score, where=resolved and self.drafted_send)
        self.add("csat_people", rated, score, where=resolved and self.own_send)
        self.add("csat_response", rated, where=resolved and e.asked)
        self.add("csat_response_assisted", rated, where=resolved and e.asked and self.drafted_send)
        self.add("csat_response_people", rated, where=resolved and e.asked and self.own_send)

    def times(self) -> None:
        e = self.e
        for name, end, whole in (("first_reply", e.replied, "first_reply_time"), ("resolution", e.resolved, "resolution_time")):
            passed = (end - e.started).total_seconds() if end else 0.0
            business = worked(e.started, end) if end and e.eligible else 0.0
            self.add(whole, end, passed, where=e.eligible)
            self.add(f"{name}_business", end, business, where=e.eligible)
            self.add(f"{name}_people", end and self.own_send, business, where=e.eligible)
            self.add(f"{name}_assisted", end and self.drafted_send, business, where=e.eligible)

    def targets(self) -> None:
        e, asked = self.e, self.truth.asked
        for name, end, due in (("first_reply", e.replied, e.reply_due), ("resolution", e.resolved, e.resolve_due)):
            if due and e.eligible:
                self.add(f"sla_{name}", end and end <= due, where=end or due <= asked)
        self.add("sla_next_reply", not e.next_late, where=e.eligible and e.next_replies)

    def machine(self) -> None:
        for run in self.runs:
            self.add("fallback_rate", run.degraded, part="gpt-5")
            self.add("failed_runs", run.error, part=ERRORS.get(run.error, ""))
            for step in run.steps:
                model = step.kind == "model"
                whose, part = ("agent", step.role) if model else ("tool", step.name)
                for percentile in ("p50", "p95", "p99"):
                    self.add(f"{whose}_latency_{percentile}", True, step.seconds, part)
                refused = step.error.startswith("BreakerOpen")
                self.add("step_errors", step.error, part="breaker open" if refused else ERRORS.get(step.error, ""))
                self.add("breaker_refusals", refused, part=step.name, where=model)
                self.add("cost_of_agents", True, step.cost, step.role, where=model)
                self.add("cost_of_tools", True, step.cost, step.name, where=step.kind == "tool")
                self.add("prompt_cache", step.cached > 0, part=step.name, where=model and not step.error)

            for call in run.calls:
                self.add("cost_of_calls", True, call.cost, call.tool, where=call.status not in ("waiting", "refused"))

    def knowledge(self) -> None:
        for hits, decision, repeated in self.e.searches:
            self.add("zero_results", hits == 0)
            self.add("searches_unanswered", decision == "abstain", where=decision)
            self.add("searches_retried", repeated)

    def draft(self, draft: Draft) -> None:
        add = self._adder(self.e.person if draft.decision else None)
        approve, light = draft.decision == "approve", draft.distance <= 0.4
        if draft.decision and draft.decided_at:
            add("approval_latency", True, (draft.decided_at - draft.at).total_seconds())
            add("review_seconds", draft.review is not None, draft.review or 0.0)
        if draft.due and (draft.decided_at or draft.due <= self.truth.asked):
            add("sla_approval", draft.decided_at and draft.decided_at <= draft.due)
        if not draft.agents:
            return
        self._claims(draft, add)
        for cited, opened, kept, vote in draft.passages:
            add("passages_cited", cited)
            if cited:
                add("evidence_opened", opened)
                if kept is not None:
                    add("passages_kept", kept)
                if vote:
                    add("passages_wrong", vote < 0)
        if not draft.decision:
            return
        add("accepted_as_is", approve and draft.distance == 0)
        add("light_edit", approve and 0 < draft.distance <= 0.4)
        add("middle_edit", approve and 0.4 < draft.distance <= 0.6)
        add("rewrite", approve and draft.distance > 0.6)
        add("rejection_rate", draft.decision == "reject", part=draft.reason)
        add("changes_requested", draft.decision == "request_changes")
        for name in ("edit_distance", "edit_distance_p90"):
            add(name, approve, draft.distance)
        for band, low, high in _BANDS:
            if low <= draft.confidence < high:
                add(f"kept_from_{band}", approve and light)
        for kind in draft.edits if approve else ():
            add("edited_places", True, part=kind)

    def _claims(self, draft: Draft, add: Callable[..., None]) -> None:
        facts = [sentence for sentence in draft.sentences if sentence.fact]
        add("groundedness", facts, _supported(facts))
        for sentence in facts:
            add("unsupported_at_draft", not sentence.supported)
        if draft.decision == "approve":
            sent = [sentence for sentence in facts if sentence.sent]
            add("groundedness_at_send", sent, _supported(sent))
            for sentence in sent:
                add("unsupported_at_send", not sentence.supported)

    def _adder(self, person: int | None) -> Callable[..., None]:
        def add(metric: str, hit: object, value: float = 0.0, part: str = "") -> None:
            self.truth.add(metric, self.place, person, hit, value, part)

        return add


def _supported(sentences: list[Sentence]) -> float:
    return sum(sentence.supported for sentence in sentences) / len(sentences) if sentences else 0.0
