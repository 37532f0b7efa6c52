"""The demo desk's saved replies, its own fields, and tags on what is open."""

from pathlib import Path

from sqlmodel import Session, col, select

from triage import macros
from triage.accounts import demo
from triage.models import Category, CustomField, Macro, Role, Ticket, TicketTag, User
from triage.tickets import fields, tags
from triage.tickets.fields import Definition

MACROS = Path(__file__).parent / "macros.yaml"
_TAGS = {"parcel": "late-parcel", "E11": "descaling", "leak": "leak", "refund": "money-back", "app": "app"}


def seed_tools(session: Session) -> None:
    """Macros and fields, where there are none, written by the demo's administrator."""
    demo.ensure_people(session)
    admin = _admin(session)
    if session.exec(select(Macro.id).limit(1)).first() is None:
        macros.import_yaml(session, admin, MACROS.read_text(encoding="utf-8"))
    if session.exec(select(CustomField.key).limit(1)).first() is None:
        faults = list(session.exec(select(Category.slug).where(col(Category.slug).in_(("machine_fault", "warranty_repair")))))
        fields.define(session, admin, Definition("Serial number", help="On the plate below the machine.", categories=faults))
        fields.define(
            session,
            admin,
            Definition(
                "Cause", "choice", "What was wrong in the end.", ("Scale", "Worn part", "Used wrongly", "Unknown"), faults
            ),
        )


def seed_tags(session: Session) -> None:
    """Tags by words of the subject, where there are none."""
    if session.exec(select(TicketTag.tag).limit(1)).first() is not None:
        return
    admin = _admin(session)
    for word, tag in _TAGS.items():
        for number in session.exec(
            select(Ticket.id).where(col(Ticket.subject).icontains(word)).order_by(col(Ticket.id).desc()).limit(4)
        ):
            tags.add(session, admin, number or 0, [tag])


def _admin(session: Session) -> User:
    return session.exec(select(User).where(User.email == demo.PEOPLE[Role.ADMIN][0])).one()
