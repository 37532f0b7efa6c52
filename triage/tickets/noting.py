"""Who an internal note names: @ and the full name of somebody who works the inbox."""

import re
from collections.abc import Sequence

from sqlmodel import Session, col, select

from triage.models import Notification, Ticket, User
from triage.notifications.telling import name_of

_MOST = 20


def mentioned(text: str, people: Sequence[User]) -> list[User]:
    """Those of `people` whom a text names by @ and their full name, each once, in the order of the text.

    A name that another one begins with ("@Ann Lee" in "@Ann Lee-Moor") counts only where it ends.
    """
    found: dict[int, tuple[int, User]] = {}
    taken: set[int] = set()
    for person in sorted(people, key=lambda one: -len(one.name)):
        name = person.name.strip()
        if not name:
            continue
        for match in re.finditer(rf"(?<![\w@])@{re.escape(name)}(?![\w-])", text, re.IGNORECASE):
            if match.start() not in taken:
                taken.update(range(match.start(), match.end()))
                found.setdefault(person.id or 0, (match.start(), person))
    return [person for _, person in sorted(found.values(), key=lambda pair: pair[0])]


def tell(session: Session, author: User, ticket: Ticket, text: str) -> list[User]:
    """Word to everybody a note names but its author; returns them."""
    if "@" not in text:
        return []
    people = session.exec(select(User).where(col(User.disabled_at).is_(None))).all()
    told = [person for person in mentioned(text, people) if person.id != author.id][:_MOST]
    said = " ".join(text.split())
    for person in told:
        word = f"{author.name} named you in a note on {name_of(ticket)}: {said[:200]}"
        session.add(Notification(user_id=person.id, ticket_id=ticket.id, kind="mentioned", text=word))
    return told
