"""Addresses that are told: one's own, and the desk's, which administrators keep. Where they lead is checked each time."""

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlmodel import Session, col, select

from triage import audit, reach
from triage.accounts import access
from triage.accounts.access import Permission
from triage.connections import credentials
from triage.errors import ConflictError, InputError
from triage.models import Notice, User, Webhook, now
from triage.notifications.events import EVENTS
from triage.reach import Target
from triage.settings import Settings

if TYPE_CHECKING:
    from triage.notifications.digests import Enqueue

SETTING = "TRIAGE_WEBHOOK_NETWORKS"
SIGNATURE, STAMP = "X-Triage-Signature", "X-Triage-Timestamp"
MOST = 20


@dataclass(frozen=True)
class WebhookRow:
    """An address with how its messages fare."""

    webhook: Webhook
    last: Notice | None
    dead: list[Notice]


def target(settings: Settings, url: str) -> Target:
    """Where a message may go. Raises InputError for an address that is private, unless its network is allowed, or not https."""
    networks = reach.networks_of(settings.webhook_networks, SETTING)
    found = Target.of(url, "the webhook", networks, SETTING)
    if not found.secure and not found.inside(networks):
        raise InputError(f"{found.host} would be told without encryption; use https, or name its network in {SETTING}.")
    return found


def add(
    session: Session, settings: Settings, user: User, *, name: str, url: str, events: Sequence[str] = (), shared: bool = False
) -> tuple[Webhook, str]:
    """Keep an address, and return it with the secret that signs its messages, which is shown this once.

    `shared`: it is the desk's, told of `events`; else it is the person's own, told of what they chose.
    """
    user = access.fresh(session, user)
    access.require(user, Permission.EDIT_MACHINERY if shared else Permission.WORK_INBOX)
    name, url = " ".join(name.split()), url.strip()
    if not 0 < len(name) <= 60:
        raise InputError("Name the webhook in 1 to 60 characters, such as #support.")
    target(settings, url)
    wanted = [event for event in events if event in EVENTS and EVENTS[event].shared]
    if shared and not wanted:
        raise InputError("Choose at least one event that the webhook is told of.")
    owner = None if shared else user.id
    if (
        len(
            session.exec(
                select(Webhook.id).where(col(Webhook.owner_id) == owner if owner else col(Webhook.owner_id).is_(None))
            ).all()
        )
        >= MOST
    ):
        raise InputError(f"There are {MOST} webhooks already; remove one first.")
    secret = secrets.token_urlsafe(32)
    row = Webhook(
        name=name, url=credentials.encrypt(settings, url), secret=credentials.encrypt(settings, secret), owner_id=owner,
        events=wanted if shared else [], created_by=user.id, told_upto=now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.append(session, "webhook_added", actor=user.actor, webhook=row.id, name=name, host=host_of(url), shared=shared)
    return row, secret


def remove(session: Session, user: User, webhook_id: int) -> None:
    """Tell an address nothing more; what waits for it is not sent."""
    row = _held(session, user, webhook_id)
    row.off_at = now()
    for notice in session.exec(select(Notice).where(Notice.webhook_id == row.id, Notice.status == "held")):
        notice.status = "cancelled"
        session.add(notice)
    session.add(row)
    audit.append(session, "webhook_removed", actor=f"user:{user.id}", webhook=row.id, name=row.name)


def listing(session: Session, user: User, *, shared: bool = False) -> list[WebhookRow]:
    """The addresses in use, with the last message and those that were given up."""
    user = access.fresh(session, user)
    access.require(user, Permission.READ_MACHINERY if shared else Permission.WORK_INBOX)
    whose = col(Webhook.owner_id).is_(None) if shared else col(Webhook.owner_id) == user.id
    rows = session.exec(select(Webhook).where(whose, col(Webhook.off_at).is_(None)).order_by(col(Webhook.id))).all()
    return [_row(session, row) for row in rows]


def retry(session: Session, enqueue: "Enqueue", user: User, notice_id: int) -> None:
    """Send a message that was given up once more. Raises ConflictError when it is not one."""
    notice = session.get(Notice, notice_id, with_for_update=True)
    if notice is None or notice.status != "dead" or notice.webhook_id is None:
        raise ConflictError("Only a message that was given up can be sent again; reload the page.")
    _held(session, user, notice.webhook_id)
    notice.status, notice.attempts, notice.error = "held", 0, None
    session.add(notice)
    enqueue(session, "deliver", f"notice-{notice.key}-again-{int(now().timestamp() * 1000)}", notice.id, "notice:1")


def host_of(url: str) -> str:
    """The part of an address that may be shown: what follows it is often a secret itself."""
    return url.partition("://")[2].partition("/")[0].rpartition("@")[2][:100]


def shown(settings: Settings, row: Webhook) -> str:
    """The host of a kept address."""
    return host_of(credentials.decrypt(settings, row.url))


def signature(secret: str, stamp: str, body: bytes) -> str:
    """What a receiver compares: HMAC-SHA256 over time stamp, a dot and the body, as Slack and Stripe do it."""
    return "sha256=" + hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def payload(text: str, blocks: Sequence[str], *, event: str, count: int) -> str:
    """A message that Slack, Mattermost and others show as it is; what is ours beside it stands under `triage`."""
    said = [{"type": "section", "text": {"type": "mrkdwn", "text": block[:2_900]}} for block in blocks[:40]]
    return json.dumps({"text": text, "blocks": said, "triage": {"event": event, "count": count}}, ensure_ascii=False)


def plain(text: str) -> str:
    """Text of customers and colleagues where Slack reads marks: they name nobody and link nowhere."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _row(session: Session, row: Webhook) -> WebhookRow:
    newest = select(Notice).where(Notice.webhook_id == row.id).order_by(col(Notice.id).desc())
    dead = newest.where(Notice.status == "dead").limit(5)
    return WebhookRow(row, session.exec(newest.limit(1)).first(), list(session.exec(dead)))


def _held(session: Session, user: User, webhook_id: int) -> Webhook:
    user = access.fresh(session, user)
    row = session.get(Webhook, webhook_id, with_for_update=True)
    if row is None or row.off_at is not None or (row.owner_id is not None and row.owner_id != user.id):
        raise InputError("There is no such webhook of yours; reload the page.")
    access.require(user, Permission.WORK_INBOX if row.owner_id else Permission.EDIT_MACHINERY)
    return row
