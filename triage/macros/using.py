"""Choosing a saved reply for a ticket: its text filled in, and what it sets, set."""

from dataclasses import dataclass, field
from datetime import timedelta

from sqlmodel import Session, col, select, update

from triage import audit, taxonomy
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import InputError
from triage.macros import filling, keeping
from triage.models import WAITS_FOR_PERSON, Category, Macro, Ticket, User, now
from triage.settings import Settings
from triage.tickets import priorities, tags, work


@dataclass(frozen=True)
class Used:
    """The text for the caret; `done` are the things that were set, `missing` the gaps that nothing fills, with the reason."""

    text: str
    done: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def said(self) -> str:
        """Both in one sentence or two; empty when there is nothing to say."""
        parts = [f"Set: {', '.join(self.done)}."] if self.done else []
        parts += [f"To fill in by hand: {'; '.join(self.missing)}."] if self.missing else []
        return " ".join(parts)


def use(session: Session, settings: Settings, user: User, ticket_id: int, macro_id: int) -> Used:
    """Fill a saved reply in for a ticket and set what it sets. Sends nothing and decides nothing.

    Raises AccessError and InputError; then nothing is set.
    """
    user = access.fresh(session, user)
    access.require(user, Permission.WORK_INBOX)
    row = keeping.find(session, user, macro_id)
    ticket = session.get(Ticket, ticket_id)
    if ticket is None:
        raise InputError(f"There is no ticket {ticket_id}; it may have been removed.")
    done = _set(session, user, ticket, dict(row.actions))
    filled = filling.fill(session, settings, user, ticket, row.body)
    session.exec(update(Macro).where(col(Macro.id) == row.id).values(used=Macro.used + 1))
    audit.append(
        session, "macro_used", actor=user.actor, ticket_id=ticket_id, macro=row.id, title=row.title, version=row.version, set=done,
        missing=sorted(filled.missing),
    )  # fmt: skip
    return Used(filled.text, done, [f"{name} ({why})" for name, why in filled.missing.items()])


def told(row: Macro) -> str:
    """What a macro sets, in words."""
    said = {
        "category": "category {}", "priority": "priority {}", "assignee": "assigned to {}", "snooze_hours": "snoozed for {} hours",
    }  # fmt: skip
    parts = [said[name].format(value) for name, value in row.actions.items() if name in said]
    named = row.actions.get("tags")
    if isinstance(named, list) and named:
        parts.append(f"tags {', '.join(map(str, named))}")
    return "Sets " + ", ".join(parts) if parts else ""


def _set(session: Session, user: User, ticket: Ticket, actions: dict[str, object]) -> list[str]:
    number, done = ticket.id or 0, []
    if (slug := str(actions.get("category") or "")) and slug != ticket.category and (found := session.get(Category, slug)):
        taxonomy.refile(session, user, number, slug)
        done.append(f"category {found.title}")
    if (priority := str(actions.get("priority") or "")) and priority != ticket.priority:
        priorities.put(session, user, number, priority)
        done.append(f"priority {priority}")
    named = actions.get("tags")
    if isinstance(named, list) and (added := tags.add(session, user, number, [str(tag) for tag in named])):
        done.append(f"tags {', '.join(added)}")
    if who := str(actions.get("assignee") or ""):
        person = user if who == "me" else session.exec(select(User).where(User.email == who)).first()
        if person and person.id != ticket.assignee_id and access.may(person, Permission.WORK_INBOX):
            work.assign(session, user, number, person.id)
            done.append(f"assigned to {person.name}")
    hours = actions.get("snooze_hours")
    if isinstance(hours, int | float) and ticket.status in WAITS_FOR_PERSON:
        work.snooze(session, user, number, now() + timedelta(hours=float(hours)))
        done.append(f"snoozed for {hours:g} hours")
    return done
