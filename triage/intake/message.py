"""What comes in, whatever the channel, and what became of it."""

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from triage.intake.clean import storable
from triage.models import QuarantineReason

Text = Annotated[str, BeforeValidator(storable)]


class IncomingFile(BaseModel):
    """A file that came along; `refused` says why it is not kept (then `data` is empty).

    `text` is what it says to a reader, `hidden` what it says unseen; `size` is in bytes, also of a refused file.
    """

    model_config = ConfigDict(frozen=True)
    filename: Text
    content_type: Text
    data: bytes = Field(default=b"", repr=False)
    size: int = 0
    text: Text = ""
    hidden: Text = ""
    refused: Text | None = None

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest() if self.data else ""


class Incoming(BaseModel):
    """One message from outside. `body` is what its sender wrote now and a reader would see.

    `quoted` is the history below it, `signature` the closing, `hidden` text that no reader would see (evidence,
    never shown to agents). `quarantine` and `problem` say why people should look before agents do. `ticket_id` is
    set only by callers that already know whose ticket it is (a screen, an authorised API call).
    """

    model_config = ConfigDict(frozen=True)
    source_id: Text | None = None
    channel: Text = "email"
    subject: Text = ""
    body: Text = ""
    quoted: Text = ""
    signature: Text = ""
    hidden: Text = ""
    sender_name: Text = ""
    sender_email: Text = ""
    sender_proven: bool = False
    reply_to: Text = ""
    to: list[Text] = []
    message_id: Text | None = None
    in_reply_to: Text | None = None
    references: list[Text] = []
    sent_at: datetime | None = None
    language: Text = ""
    attachments: list[IncomingFile] = []
    raw: bytes | None = Field(default=None, repr=False)
    quarantine: QuarantineReason | None = None
    problem: Text = ""
    customer_external_id: Text | None = None
    auto: bool = False
    ticket_id: int | None = None


class Outcome(StrEnum):
    CREATED = "created"
    APPENDED = "appended"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"


class Receipt(BaseModel):
    """Where a message went. `again`: this very message had been taken in before, so nothing was written."""

    model_config = ConfigDict(frozen=True)
    ticket_id: int
    outcome: Outcome
    status: str
    duplicate_of: int | None = None
    again: bool = False
