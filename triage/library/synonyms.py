"""What customers and articles call the same thing: the administrators' list, which every search goes by."""

from sqlmodel import Session

from knowledge_base import synonyms
from triage.accounts import access
from triage.accounts.access import Permission
from triage.models import SynonymGroup, User


def listing(session: Session) -> list[SynonymGroup]:
    """Every group, by its first term."""
    return synonyms.listing(session)


def add(session: Session, user: User, line: str) -> SynonymGroup:
    """Add a group, its terms set apart by commas. Raises InputError, saying why, for one that cannot be used."""
    access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
    return synonyms.add(session, [term.strip() for term in line.split(",")], author=user.actor)


def remove(session: Session, user: User, group_id: int) -> None:
    access.require(access.fresh(session, user), Permission.EDIT_KNOWLEDGE)
    synonyms.remove(session, group_id, author=user.actor)
