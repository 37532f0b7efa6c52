"""Tickets that people bring in from a screen: one written down from a form, or many from an uploaded file."""

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from sqlmodel import Session, col, func, select

from triage.accounts import access
from triage.accounts.access import Permission
from triage.database import Database
from triage.errors import InputError
from triage.intake import files
from triage.intake.attachments import Patience, accept, refuse_rest, safe_name
from triage.intake.message import Incoming, Receipt
from triage.intake.payload import TicketPayload
from triage.intake.receive import receive
from triage.models import Customer, Ticket, User
from triage.settings import Settings

Start = Callable[[Session, Ticket], None]
CHANNELS = ("phone", "email", "chat", "form", "letter")
ENDINGS = ("eml", "mbox", "jsonl", "ndjson")


@dataclass(frozen=True)
class Written:
    """What a person typed. `address` is the customer's; `checked` says that the person made sure who is asking."""

    token: str
    subject: str
    body: str
    address: str = ""
    name: str = ""
    channel: str = "phone"
    checked: bool = False
    attachments: Sequence[tuple[str, str, bytes]] = ()


@dataclass(frozen=True)
class ReportLine:
    """What became of one message of an uploaded file; `problem` says why it was refused, else `receipt` where it went."""

    item: str
    subject: str = ""
    sender: str = ""
    receipt: Receipt | None = None
    problem: str = ""


def create(session: Session, user: User, settings: Settings, start: Start, written: Written) -> Receipt:
    """Take one written message in. The same `token` twice is one ticket. Raises InputError when something is missing."""
    access.require(access.fresh(session, user), Permission.WORK_INBOX)
    if not written.subject.strip() and not written.body.strip():
        raise InputError("Write what the customer wants: a subject, a message, or both.")
    if not written.address.strip():
        raise InputError("Choose the customer or type their address; without one no reply can be sent.")
    if "@" not in written.address:
        raise InputError(
            f"“{written.address.strip()[:80]}” is no e-mail address; choose the customer from the list, or type their address."
        )
    try:
        payload = TicketPayload.model_validate({
            "id": f"desk-{written.token}", "subject": written.subject, "body": written.body, "channel": written.channel,
            "from": {"name": written.name, "address": written.address},
        })  # fmt: skip
    except ValidationError as error:
        raise InputError(error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ") + ".") from None
    patience = Patience()
    kept = refuse_rest([accept(name, kind, data, settings, patience) for name, kind, data in written.attachments])
    # A colleague wrote it down, so it is no spam and no automatic reply.
    changes = {"attachments": kept, "sender_proven": written.checked, "quarantine": None, "problem": "", "auto": False}
    return receive(
        session,
        payload.incoming(settings).model_copy(update=changes),
        settings,
        enqueue=start,
        actor=f"user:{user.id}",
        by_hand=True,
    )


def take_file(
    database: Database, user: User, settings: Settings, start: Start, filename: str, data: bytes
) -> Iterator[ReportLine]:
    """Take in every message of an uploaded file, each in a transaction of its own; one line a message, broken ones too.

    Uploading the same file again changes nothing. Raises AccessError; a file that cannot be read is one line.
    """
    with database.read() as session:
        access.require(access.fresh(session, user), Permission.WORK_INBOX)
    name = safe_name(filename) or "upload"
    mark = hashlib.sha256(data).hexdigest()[:16]
    with tempfile.TemporaryDirectory(prefix="triage-upload-") as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        try:
            for item, found in files.read(path, settings):
                yield _take(database, user, settings, start, item, mark, found)
        except InputError as error:
            yield ReportLine(name, problem=error.problem)


def customers(session: Session, *, limit: int = 500) -> list[tuple[str, str]]:
    """(address, name) of customers to choose from, by name."""
    query = (
        select(Customer.email, Customer.name).where(Customer.email != "").order_by(func.lower(Customer.name), col(Customer.id))
    )
    return [(email, name) for email, name in session.exec(query.limit(limit))]


def open_tickets_of(session: Session, address: str) -> list[Ticket]:
    """The newest tickets from this address that are not closed: perhaps the matter is there already."""
    if not address.strip():
        return []
    same = func.lower(Ticket.requester_email) == address.strip().lower()
    newest = select(Ticket).where(same, col(Ticket.status).not_in(("resolved", "quarantined"))).order_by(col(Ticket.id).desc())
    return list(session.exec(newest.limit(3)))


def _take(
    database: Database, user: User, settings: Settings, start: Start, item: str, mark: str, found: Incoming | InputError
) -> ReportLine:
    if isinstance(found, InputError):
        return ReportLine(item, problem=found.problem)
    incoming = found.model_copy(update={"source_id": f"upload-{mark}-{item}"[:200]})

    def work(session: Session) -> Receipt:
        access.require(access.fresh(session, user), Permission.WORK_INBOX)  # a long file outlasts a role
        return receive(session, incoming, settings, enqueue=start, actor=f"user:{user.id}", by_hand=True)

    try:
        receipt = database.run_now(work)
    except InputError as error:
        return ReportLine(item, incoming.subject, incoming.sender_email, problem=error.problem)
    return ReportLine(item, incoming.subject, incoming.sender_email, receipt)
