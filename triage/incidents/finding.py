"""Finding incidents by the clock: open tickets of different customers, written within hours of each other, about one matter.

Alike is who means the same (the cosine of the tickets' own texts), under the same category, and names no other error
code. What is found is a proposal; a person confirms, renames, splits, merges or dissolves it, and what a person did to
a member stays. Vectors are those of the runs; what none of them embedded is embedded here, once, outside any transaction.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from math import exp
from typing import TYPE_CHECKING

import numpy as np
from sqlmodel import Session, col, func, select

from knowledge_base import clusters
from knowledge_base.embedding import Vectors
from knowledge_base.gloss import fold, small_words
from knowledge_base.lexical import words
from triage import audit
from triage.database import rows
from triage.errors import EmbedderUnavailable
from triage.incidents import holding
from triage.incidents.seen import Seen, embedded, middle, stacked
from triage.incidents.seen import of as seen_of
from triage.models import (
    CategoryExample,
    Incident,
    IncidentMember,
    Notification,
    Role,
    Status,
    Ticket,
    now,
)

if TYPE_CHECKING:
    from triage.office import Desk

NEAR = clusters.NEAR  # cosine with the group's centre, what all tickets have in common taken out (benchmarks/trust/incidents.py)
CUSTOMERS = 3  # from which on a group that is a burst is proposed
MANY = 5  # … and any group
USUAL_OVER = timedelta(days=28)
UNTAKEN = timedelta(days=3)
_RARE = 0.001  # chance of as many tickets of a category in an ordinary stretch, below which they are a burst
_LEAST_USUAL = 0.1  # tickets of a category that any stretch may hold, however new the desk is
_SHARED = 0.6  # share of a group's tickets that have its category
_MOST = 2_000  # newest tickets looked at
_STRETCH = 15.0  # seconds
LIVE = ("proposed", "open")
SEEN = frozenset(
    {Status.AWAITING_APPROVAL, Status.NEEDS_INFO, Status.ESCALATED, Status.REJECTED, Status.FAILED, Status.APPROVED, Status.DELIVERING, Status.DELIVERED}
)  # fmt: skip


def find(desk: "Desk") -> str:
    """Put new tickets into incidents that are there, and propose those that are not."""
    since = now() - timedelta(hours=desk.settings.incident_hours)
    desk.database.run_now(_let_go)
    with desk.database.read() as session:
        free = _free(session, since)
        members = _members(session)
        field = stacked(session.exec(select(CategoryExample.vector)).all())
    if not free or (len(free) < CUSTOMERS and not members):
        return "nothing new"
    try:
        known = embedded(desk, [*free, *(seen for group in members.values() for seen in group)])
    except EmbedderUnavailable as error:
        return f"not looked: {error}"
    joined = _joining(free, members, known)
    taken = {seen.id for found in joined.values() for seen, _ in found}
    rest = [seen for seen in free if seen.id not in taken]
    proposed = group(rest, known, field)
    grouped = {seen.id for found in proposed for seen in found}
    for number, found in _joining([one for one in rest if one.id not in grouped], dict(enumerate(proposed)), known).items():
        proposed[number] += [one for one, _ in found]  # foreign words are a little farther off than the group's own
    return desk.database.run_now(lambda session: _store(session, desk.settings.incident_hours, joined, proposed, known))


def _let_go(session: Session) -> None:
    """Proposals that nobody took up are dissolved, so that no banner stays for good."""
    untaken = select(Incident).where(Incident.state == "proposed", Incident.created_at < now() - UNTAKEN)
    olds = session.exec(untaken.order_by(col(Incident.id)).with_for_update()).all()
    for old in olds:
        old.state, old.changed_at = "dissolved", now()
        session.add(old)
    for old in olds:
        audit.append(session, "incident.dissolved", actor="clock", incident=old.id)


def look(session: Session, enqueue: Callable[..., None]) -> None:
    """Ask for `find` within seconds. Whoever asks in the same stretch asks for the same work, which begins when it is over."""
    stretch, into = divmod(now().timestamp(), _STRETCH)
    enqueue(session, "chore", f"incidents-{stretch:.0f}", "incidents", delay=_STRETCH - into)


def group(seen: Sequence[Seen], known: dict[int, Vectors], field: Vectors) -> list[list[Seen]]:
    """Tickets of at least three customers about one matter, largest group first, each with its most central ticket first."""
    if len({one.customer for one in seen}) < CUSTOMERS:
        return []
    vectors = np.stack([known[one.id] for one in seen])
    found = [
        _one_matter([seen[n] for n in rows]) for rows in clusters.stars(vectors, NEAR, background=field if len(field) else None)
    ]
    return [one for one in found if len({seen.customer for seen in one}) >= CUSTOMERS]


def _one_matter(found: list[Seen]) -> list[Seen]:
    """Those of the group's category that name no other error code than the group does; nothing when there is no such category."""
    category, shared = Counter(one.category for one in found).most_common(1)[0]
    if shared < _SHARED * len(found):
        return []
    code = _code(found)
    return [one for one in found if fits(one, code) and (one.category == category or (code and code in one.codes))]


def fits(one: Seen, code: str) -> bool:
    """Whether a ticket names the group's error code, or none."""
    return not one.codes or code in one.codes


def _code(found: Sequence[Seen]) -> str:
    """The error code that most of the group's tickets name; empty when they name none."""
    named = Counter(code for one in found for code in one.codes)
    code, times = min(named.items(), key=lambda pair: (-pair[1], pair[0])) if named else ("", 0)
    return code if 2 * times >= len([one for one in found if one.codes]) else ""


def is_burst(count: int, usual: float) -> bool:
    """Whether so many are out of the ordinary where `usual` are usual: a chance below one in a thousand (Poisson)."""
    rate = max(usual, _LEAST_USUAL)
    term = below = exp(-rate)
    for n in range(1, count):
        term *= rate / n
        below += term
    return 1 - below < _RARE


# ---- reading ----------------------------------------------------------------------------------------------


def _free(session: Session, since: datetime) -> list[Seen]:
    """The newest open tickets that agents have read and that are in no incident."""
    statement = (
        select(Ticket)
        .where(Ticket.created_at >= since, col(Ticket.status).in_(SEEN), col(Ticket.id).not_in(select(IncidentMember.ticket_id)))
        .order_by(col(Ticket.id).desc())
        .limit(_MOST)
    )
    return seen_of(session, list(session.exec(statement)))


def _members(session: Session) -> dict[int, list[Seen]]:
    """The tickets of the incidents that are not over."""
    statement = (
        select(IncidentMember.incident_id, Ticket)
        .join(Ticket, col(Ticket.id) == IncidentMember.ticket_id)
        .join(Incident, col(Incident.id) == IncidentMember.incident_id)
        .where(col(Incident.state).in_(LIVE), col(IncidentMember.out).is_(False))
    )
    pairs = session.exec(statement).all()
    seen = {one.id: one for one in seen_of(session, [ticket for _, ticket in pairs])}
    found: dict[int, list[Seen]] = {}
    for incident, ticket in pairs:
        if ticket.id in seen:
            found.setdefault(incident, []).append(seen[ticket.id])
    return found


# ---- joining and proposing --------------------------------------------------------------------------------


def _joining(
    free: Sequence[Seen], members: dict[int, list[Seen]], known: dict[int, Vectors]
) -> dict[int, list[tuple[Seen, float]]]:
    """For each incident the free tickets that belong to it, each with its nearness to the middle of the members."""
    if not members:
        return {}
    numbers = list(members)
    middles = np.stack([middle([known[one.id] for one in members[number]]) for number in numbers])
    found: dict[int, list[tuple[Seen, float]]] = {}
    for one in free:
        near = middles @ known[one.id]
        best = int(near.argmax())
        group_ = members[numbers[best]]
        categories = {other.category for other in group_}
        if near[best] >= _close(group_, known) and one.category in categories and fits(one, _code(group_)):
            found.setdefault(numbers[best], []).append((one, round(float(near[best]), 3)))
    return found


def _close(group_: Sequence[Seen], known: dict[int, Vectors]) -> float:
    """How near a ticket must be to the middle: as near as the farther ones of those that are in already."""
    vectors = [known[one.id] for one in group_]
    near = np.stack(vectors) @ middle(vectors)
    return max(0.5, float(np.quantile(near, 0.1)) - 0.05)


def _store(
    session: Session, hours: float, joined: dict[int, list[tuple[Seen, float]]], proposed: list[list[Seen]], known: dict[int, Vectors]
) -> str:  # fmt: skip
    members = set(session.exec(select(IncidentMember.ticket_id)))
    grown: dict[int, list[int]] = {}
    held: list[int] = []  # what joins a confirmed incident
    # All incidents are locked before any ticket; the audit log only when nothing is waited for any more.
    for number, found in sorted(joined.items()):
        incident = session.get(Incident, number, with_for_update=True)
        new = [(one, near) for one, near in found if one.id not in members]
        if incident is None or incident.state not in LIVE or not new:
            continue
        _add(session, incident, new)
        grown[number] = [one.id for one, _ in new]
        held += grown[number] if incident.state == "open" else []
    made = [(one, group_) for group_ in proposed if (one := _propose(session, hours, group_, known, members)) is not None]
    holding.hold(session, held)
    for number, tickets in grown.items():
        audit.append(session, "incident.grew", actor="clock", incident=number, tickets=tickets)
    for incident, group_ in made:
        tickets = [one.id for one in group_]
        audit.append(session, "incident.proposed", actor="clock", incident=incident.id, tickets=tickets, burst=incident.burst)
    return f"{sum(map(len, grown.values()))} tickets joined, {len(made)} incidents proposed"


def _propose(session: Session, hours: float, found: list[Seen], known: dict[int, Vectors], members: set[int]) -> Incident | None:
    if any(one.id in members for one in found):  # another process was first
        return None
    customers = len({one.customer for one in found})
    usual = _usual(session, found[0].category, hours)
    burst = is_burst(customers, usual)
    if not burst and customers < MANY:
        return None
    first, last = min(one.at for one in found), max(one.at for one in found)
    span = max(1, round((last - first).total_seconds() / 3600))
    code = _code(found)
    terms = _terms(session, found)
    said = f"{customers} customers wrote about the same within {'an hour' if span == 1 else f'{span} hours'}"
    rate = f"{usual:.0f} tickets of this category are" if usual >= 1.5 else "about one ticket of this category is"
    rate = "hardly any ticket of this category is" if usual < 0.5 else rate
    said += f", where {rate} usual in {hours:g} hours" if burst else ""
    said += f"; they name the code {code.upper()}" if code else ""
    incident = Incident(
        title=found[0].subject or (terms[0] if terms else "One matter"), category=found[0].category, terms=terms, why=f"{said}.",
        size=customers, hours=hours, usual=round(usual, 2), burst=burst,
    )  # fmt: skip
    session.add(incident)
    session.flush()
    centre = middle([known[one.id] for one in found])
    _add(session, incident, [(one, round(float(known[one.id] @ centre), 3)) for one in found])
    if burst:
        session.add(Notification(role=Role.STAFF, kind="incident", text=f"{incident.title}: {said}."))
    return incident


def _add(session: Session, incident: Incident, found: list[tuple[Seen, float]]) -> None:
    rows.insert_many(
        session, IncidentMember, ({"incident_id": incident.id, "ticket_id": one.id, "nearness": near} for one, near in found)
    )


def _usual(session: Session, category: str, hours: float) -> float:
    """How many tickets of the category came in a stretch of so many hours, on average over four weeks before it."""
    end = now() - timedelta(hours=hours)
    counted = select(func.count(col(Ticket.id))).where(
        Ticket.category == category, Ticket.created_at >= end - USUAL_OVER, Ticket.created_at < end, Ticket.status != Status.QUARANTINED
    )  # fmt: skip
    return session.exec(counted).one() * hours / (USUAL_OVER.total_seconds() / 3600)


def _terms(session: Session, found: Sequence[Seen]) -> list[str]:
    """The words that set the group apart from other tickets of these days."""
    others = select(Ticket.subject).where(col(Ticket.id).not_in([one.id for one in found])).order_by(col(Ticket.id).desc())
    idle = small_words()

    def telling(text: str) -> list[str]:
        return [word.surface for word in words(text) if fold(word.surface) not in idle and len(word.surface) > 2]

    return clusters.key_terms([[one.text for one in found], list(session.exec(others.limit(200)))], words=telling)[0]
