"""Last week's figures by mail, on Monday morning in the team's zone, for managers who chose them.

One message a person and week: its key is made of both, so that a crash, a second clock or another process sends no second
one. Who chooses it later than Tuesday, or whose desk slept until then, gets the next one. It names no customer and nobody
of the team.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from importlib import resources
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined, Template
from sqlmodel import Session, col, select

from triage.accounts import access
from triage.accounts.access import Permission
from triage.learning import metrics
from triage.learning.metrics import METRICS, Window, reports, wording
from triage.learning.metrics.reports import Failure
from triage.models import Notice, User, now
from triage.notifications import settings
from triage.notifications.digests import Enqueue, address
from triage.notifications.events import MAIL, WEEKLY
from triage.settings import Settings
from triage.sla.plan import desk_hours

if TYPE_CHECKING:
    from triage.office import Desk

TILES = (
    "volume", "backlog", "assisted_resolution", "escalation_rate", "first_reply_business", "resolution_business", "sla_first_reply",
    "accepted_as_is", "unsupported_at_send", "approval_latency", "csat", "cost_per_ticket",
)  # fmt: skip
AT_HOUR, FOR_DAYS = 7, 2  # from seven on Monday, and until the end of Tuesday
FAILURES = 5


@dataclass(frozen=True)
class Row:
    """One figure in words; `tone` is o (better), b (worse) or empty."""

    title: str
    value: str
    basis: str
    change: str
    tone: str
    enough: bool


@dataclass(frozen=True)
class Letter:
    subject: str
    text: str
    html: str


def send_due(desk: "Desk") -> str:
    """Make this week's messages, each in a transaction of its own; delivery carries them out."""
    with desk.database.read() as session:
        if (monday := due(session)) is None:
            return "not the time"
        waiting = [person for person in _readers(session) if not _made(session, monday, person)]
        if not waiting:
            return "0 messages made"
        letter = written(session, desk.settings, monday)
    made = [
        desk.database.run_now(partial(_post, enqueue=desk.enqueue, monday=monday, person=person, letter=letter)) for person in waiting
    ]  # fmt: skip
    return f"{sum(made)} messages made"


def due(session: Session) -> date | None:
    """The Monday whose message may be made now; None at other times."""
    local = now().astimezone(desk_hours(session).zone)
    if local.weekday() >= FOR_DAYS or (local.weekday() == 0 and local.hour < AT_HOUR):
        return None
    return local.date() - timedelta(days=local.weekday())


def _readers(session: Session) -> list[User]:
    people = session.exec(select(User).where(col(User.disabled_at).is_(None)).order_by(col(User.id)))
    return [
        person for person in people
        if not person.demo and access.may(person, Permission.SEE_FIGURES) and MAIL in settings.ways_of(settings.of(session, person), WEEKLY)
    ]  # fmt: skip


def _key(monday: date, person: User) -> str:
    return f"weekly-{monday}-{person.id}"


def _made(session: Session, monday: date, person: User) -> bool:
    return session.exec(select(Notice.id).where(Notice.key == _key(monday, person))).first() is not None


def _post(session: Session, enqueue: Enqueue, monday: date, person: User, letter: Letter) -> bool:
    """Write the message and its delivery, unless another process was faster: people are asked for one by one."""
    session.get(User, person.id, with_for_update=True)
    if _made(session, monday, person):
        return False
    notice = Notice(
        key=_key(monday, person), user_id=person.id, recipient=person.email, subject=letter.subject, body=letter.text, html=letter.html
    )  # fmt: skip
    session.add(notice)
    session.flush()
    enqueue(session, "deliver", f"notice-{notice.key}-1", notice.id, "notice:1")
    return True


# ---- what it says -----------------------------------------------------------------------------------------


def written(session: Session, machine: Settings, monday: date) -> Letter:
    """The message about the seven days before this Monday."""
    hours = desk_hours(session)
    window = Window.of_days(monday - timedelta(days=7), monday - timedelta(days=1), hours)
    before = window.previous(hours)
    whole = reports.began(session) <= before.start
    rows = [_row(session, name, window, before, whole=whole) for name in TILES]
    failures = reports.failures(session, window, limit=FAILURES)
    title = f"The week of {monday - timedelta(days=7):%-d %B} to {monday - timedelta(days=1):%-d %B %Y}"
    where = address(machine)
    html = _template().render(subject=title, title=title, company=machine.company, rows=rows, failures=failures, where=where)
    return Letter(title, _text(title, rows, failures, where), html)


def _row(session: Session, name: str, window: Window, before: Window, *, whole: bool) -> Row:
    metric = METRICS[name]
    figure = metrics.compute(session, metric, window)
    change = wording.change(metric, figure, metrics.compute(session, metric, before), whole=whole)
    return Row(
        metric.title, wording.shown(metric, figure), wording.basis(metric, figure), change.text if change else "", change.tone if change else "",
        figure.enough,
    )  # fmt: skip


def _text(title: str, rows: list[Row], failures: list[Failure], where: str) -> str:
    lines = [title, "Changes are against the week before.", ""]
    for row in rows:
        lines.append(f"{row.title}: {row.value}" + (f" ({row.change})" if row.change else "") + f", {row.basis}")
    lines += ["", "Most common failures:"]
    lines += [f"- {failure.reason}, {failure.what}: {failure.count:,}" for failure in failures] or ["- nothing failed"]
    lines += [
        "",
        f"Open the metrics: {where}/metrics?days=7",
        f"You get this because you chose it. Choose otherwise: {where}/you?part=choices",
    ]
    return "\n".join(lines)


def _template() -> Template:
    return _ENVIRONMENT.from_string(resources.files(__package__).joinpath("weekly.html").read_text("utf-8"))


_ENVIRONMENT = Environment(autoescape=True, undefined=StrictUndefined)
