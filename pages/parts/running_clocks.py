"""A ticket's clocks in words: what is due in how much time, or why nothing counts; the moment itself on hover."""

from datetime import UTC, datetime

from markupsafe import Markup

from pages.parts import office, words
from pages.parts.markup import join, rows, tag
from triage.models import Ticket, now
from triage.sla.reading import Reading, Readings, foremost, of

_PAUSED = {"customer": "paused: waiting for the customer", "incident": "paused: an incident holds it"}
_NAMES = {"first_reply": "First reply", "next_reply": "Next reply", "resolve": "Solution", "approval": "Draft"}
_SHORT = {"approval": "draft due", "resolve": "solve by"}


def short(moment: datetime | None, kind: str, paused: str) -> tuple[str, str]:
    """(text, tone) for a line of the queue: "due 0:38", "overdue", "paused"."""
    if paused:
        return "paused", ""
    text, tone = words.due(moment)
    return text.replace("due", _SHORT[kind], 1) if kind in _SHORT and text.startswith("due") else text, tone


def hint(moment: datetime | None, kind: str, paused: str) -> str:
    """What the short form means, with the moment in the reader's zone."""
    if paused:
        return _PAUSED.get(paused, paused).capitalize()
    if moment is None:
        return ""
    what = {"approval": "A decision on the draft", "resolve": "The solution"}.get(kind, f"{_NAMES.get(kind, 'Answer')}")
    return f"{what} is promised by {words.clock(moment)}"


def line(ticket: Ticket) -> Markup | None:
    """The clocks worth a word, for the head of a ticket: "reply due in 0:38 · draft waits 22 of 30 min", "reply due Tue"."""
    found = office.read(lambda session: of(session, ticket))
    if found.paused:
        return join(" · ", tag("span", _PAUSED.get(found.paused, found.paused), title=_since(found)))
    first = foremost(ticket)[1]
    parts = [part for one in found.clocks if (part := _spoken(one, one.kind == first))]
    return join(*[join(" · ", part) for part in parts]) if parts else None


def table(ticket: Ticket) -> Markup | None:
    """Every clock with its moment, for the pane beside."""
    found = office.read(lambda session: of(session, ticket))
    lines: list[tuple[str, str | Markup | None]] = [("Plan", found.policy)] if found.policy else []
    if found.paused:
        lines.append(("Now", tag("span", _PAUSED.get(found.paused, found.paused), title=_since(found))))
    for clock in found.clocks:
        lines.append((_NAMES[clock.kind], _time(clock, _remaining(clock))))
    return rows(lines) if len(lines) > 1 else None


def _spoken(clock: Reading, first: bool) -> Markup | None:
    """A clock in a sentence; beside the most pressing one only what is close or late is worth a word."""
    if clock.due is None:
        return None
    late, close = clock.due < now(), clock.left < 3600
    if clock.kind == "approval":
        if not (first or late):
            return None
        if late:
            return _time(clock, f"draft waits {_span(clock.passed)}, target {_span(clock.seconds)}", "b")
        return _time(clock, f"draft waits {_of(clock.passed, clock.seconds)}", "w")
    if not (first or late or close):
        return None
    what = "solution" if clock.kind == "resolve" else "reply"
    if late:
        return _time(clock, f"{what} overdue by {_span(-clock.left)}", "b")
    said, tone = words.due(clock.due)
    return _time(clock, f"{what} {said.replace('due ', 'due in ') if ':' in said else said}", tone or ("w" if close else ""))


def _remaining(clock: Reading) -> str:
    if clock.due is None:
        return f"{_clock(clock.left)} left once it goes on" if clock.left > 0 else "overdue"
    if clock.due < now():
        return f"overdue by {_span(-clock.left)}"
    return f"in {_clock(clock.left)}" + (f", waiting {_span(clock.passed)}" if clock.kind == "approval" else "")


def _time(clock: Reading, text: str, tone: str = "") -> Markup:
    if clock.due is None:
        return tag("span", text)
    said = f"By {words.clock(clock.due)}, in {clock.hours}"
    return tag("time", text, datetime=clock.due.astimezone(UTC).isoformat(), title=said, cls=f"td-due {tone}".strip())


def _since(found: Readings) -> str:
    return f"Since {words.clock(found.since)}; nothing counts meanwhile" if found.since else ""


def _clock(seconds: float) -> str:
    """Business time left: 0:38, 7:05; from two days on in whole hours."""
    minutes = max(0, int(seconds // 60))
    return f"{minutes // 60}:{minutes % 60:02}" if minutes < 48 * 60 else f"{minutes // 60:,} h"


def _of(passed: float, whole: float) -> str:
    """How much of a span is gone: 22 of 30 min; in hours from two on."""
    if whole < 120 * 60:
        return f"{max(0, int(passed // 60))} of {whole / 60:.0f} min"
    return f"{_span(passed)} of {_span(whole)}"


def _span(seconds: float) -> str:
    minutes = max(0, int(seconds // 60))
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60}:{minutes % 60:02} h" if minutes < 48 * 60 else f"{minutes // 60:,} h"
