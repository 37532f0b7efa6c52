"""A ticket as JSON: from the API, from a JSON Lines file, from a screen."""

import base64
import binascii
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, field_validator, model_validator

from triage.intake.attachments import Patience, accept, refuse_rest
from triage.intake.automatic import absence
from triage.intake.clean import reveal
from triage.intake.headers import ADDRESS
from triage.intake.mail import language_of
from triage.intake.message import Incoming, IncomingFile, Text
from triage.intake.quoting import split
from triage.intake.spam import content_signals, verdict
from triage.intake.visible import render
from triage.models import QuarantineReason
from triage.settings import Settings

PROVEN_CHANNELS = frozenset({"api", "form"})


class FilePayload(BaseModel):
    """An attachment: its name, its type, its bytes in base64."""

    filename: Text = Field(max_length=500)
    content_type: Text = Field(default="", max_length=200)
    data: str = Field(description="The file's bytes in base64.", repr=False)


class TicketPayload(BaseModel):
    """A customer's message. Unknown fields are ignored; `text` may stand for subject and body.

    `from` is an address, "Name <address>", an object with name and address (or email), or a telephone number.
    """

    model_config = ConfigDict(populate_by_name=True, extra="ignore")
    id: Text | None = Field(default=None, max_length=200, description="The caller's own id; sent twice, it is taken once.")
    subject: Text = Field(default="", max_length=2000)
    body: Text = Field(default="", max_length=5_000_000, description="The message as plain text.")
    html: Text = Field(default="", max_length=5_000_000, description="The message as HTML, when there is no plain text.")
    sender_email: Text = Field(default="", max_length=254)
    sender_name: Text = Field(default="", max_length=200)
    customer_id: Text | None = Field(default=None, max_length=200, description="Your id of the customer; proves who asks.")
    channel: str = Field(default="api", pattern=r"^[a-z][a-z0-9_-]{0,30}$", description="api, form, email, chat, phone, …")
    language: Text = Field(default="", max_length=10, validation_alias=AliasChoices("language", "lang"))
    message_id: Text | None = Field(default=None, max_length=400)
    in_reply_to: Text | None = Field(default=None, max_length=400)
    references: list[Text] = Field(default=[], max_length=50)
    sent_at: datetime | None = None
    attachments: list[FilePayload] = Field(default=[], max_length=100)

    @model_validator(mode="before")
    @classmethod
    def _forms(cls, value: Any) -> Any:
        """Accept the short forms: text, from as a string or an object, numbers as ids, null for nothing."""
        if not isinstance(value, dict):
            raise ValueError('a ticket is an object such as {"id": "1", "subject": "…", "body": "…", "from": "ann@example.com"}')
        if not {str(key) for key in value} & {"subject", "body", "text", "html", "attachments"}:
            raise ValueError("a ticket needs a subject or a body, at least an empty one")
        data = {str(key): item for key, item in value.items() if item is not None}
        text = data.pop("text", None)
        if isinstance(text, dict):
            data = {**{key: item for key, item in text.items() if key in ("subject", "body") and item is not None}, **data}
        elif isinstance(text, str):
            data.setdefault("body", text)
        data.update(_sender_fields(data.pop("from", None)))
        for name in ("id", "customer_id"):
            if isinstance(data.get(name), int):
                data[name] = str(data[name])
        files = data.get("attachments")
        carries = isinstance(files, list) and all(
            isinstance(file, FilePayload) or (isinstance(file, dict) and "data" in file) for file in files
        )
        if files is not None and not carries:
            data.pop("attachments")  # a list that only describes files carries none
        return data

    @field_validator("sender_email")
    @classmethod
    def _address(cls, value: str) -> str:
        value = value.strip().lower()
        if value and not ADDRESS.fullmatch(value):
            raise ValueError("from must hold an e-mail address such as ann@example.com")
        return value

    @field_validator("sent_at")
    @classmethod
    def _aware(cls, value: datetime | None) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("sent_at needs a time zone, such as 2026-05-01T10:00:00Z")
        if value is not None and not 1990 <= value.year <= 2100:
            raise ValueError("sent_at must lie between 1990 and 2100")
        return value

    @field_validator("message_id", "in_reply_to", "references")
    @classmethod
    def _ids(cls, value: Any) -> Any:
        """Ids stand in headers of our replies, so they are one word each."""
        if isinstance(value, list):
            return [one for item in value if (one := "".join(item.split()))]
        return "".join(value.split()) or None if value else None

    def incoming(self, settings: Settings) -> Incoming:
        """The message this payload stands for; files that cannot be taken are marked as refused, not dropped."""
        text, hidden = reveal(self.body) if self.body.strip() or not self.html else render(self.html)
        subject = " ".join(reveal(self.subject)[0].split())[:500]
        body, quoted, signature = split(text, reply=bool(self.in_reply_to or self.references))
        patience = Patience()
        files = refuse_rest([_file(file, settings, patience) for file in self.attachments])
        hidden = "\n".join(part for part in [hidden, *(file.hidden for file in files)] if part)
        reason, problem = self._quarantine(subject, body)
        limit = settings.body_limit
        if len(body) > limit and not problem:
            problem = f"The text was cut after {limit:,} characters."
        return Incoming(
            source_id=self.id or None,
            channel=self.channel,
            subject=subject,
            body=body[:limit],
            quoted=quoted[:limit],
            signature=signature[:limit],
            hidden=hidden[:limit],
            sender_name=self.sender_name,
            sender_email=self.sender_email,
            message_id=self.message_id,
            in_reply_to=self.in_reply_to,
            references=self.references,
            sent_at=self.sent_at,
            language=self.language.lower() or language_of(subject, body),
            attachments=files,
            customer_external_id=self.customer_id,
            quarantine=reason,
            problem=problem,
            auto=reason == QuarantineReason.AUTO_REPLY,
        )

    def _quarantine(self, subject: str, body: str) -> tuple[QuarantineReason | None, str]:
        if away := absence(subject, body):
            return away.reason, away.why
        spam = verdict(content_signals(subject, body)) if not self.customer_id else None
        return (QuarantineReason.SPAM, spam) if spam else (None, "")


def _sender_fields(sender: Any) -> dict[str, str]:
    if sender is None or sender == "":
        return {}
    if isinstance(sender, dict):
        address = sender.get("address") or sender.get("email") or ""
        return {"sender_email": str(address), "sender_name": str(sender.get("name") or "")}
    if not isinstance(sender, str):
        raise ValueError('from is an address, "Name <address>" or an object with name and address')
    if "@" not in sender:  # a telephone number, a nickname: a name, but nothing to write to
        return {"sender_name": sender}
    name, address = parseaddr(sender)
    return {"sender_email": address or sender, "sender_name": name}


def _file(file: FilePayload, settings: Settings, patience: Patience) -> IncomingFile:
    try:
        data = base64.b64decode(file.data, validate=True)
    except (binascii.Error, ValueError):
        return IncomingFile(filename=file.filename, content_type=file.content_type, refused="The file is not valid base64.")
    return accept(file.filename, file.content_type, data, settings, patience)
