"""What a desk notes on tickets by itself: tags, and fields that administrators define."""

from datetime import datetime

from sqlmodel import Field, Index, SQLModel

from .base import json_field, now, text_field


class TicketTag(SQLModel, table=True):
    ticket_id: int = Field(foreign_key="ticket.id", primary_key=True)
    tag: str = Field(primary_key=True, index=True)
    created_at: datetime = Field(default_factory=now)


class CustomField(SQLModel, table=True):
    """A field of tickets. `kind` is text, number, choice, date or checkbox; `categories` are those it is asked for (empty: all).

    `required`: a ticket is resolved only once it is filled. A retired field is kept with what was filled in.
    """

    key: str = Field(primary_key=True)
    title: str
    kind: str = "text"
    help: str = ""
    choices: list[str] = json_field(list)
    categories: list[str] = json_field(list)
    required: bool = False
    position: int = 0
    retired: bool = False
    created_at: datetime = Field(default_factory=now)


class FieldValue(SQLModel, table=True):
    """A filled field, as plain text: a number as written, a date as YYYY-MM-DD, a ticked box as "yes"."""

    __table_args__ = (Index("ix_fieldvalue_field_value", "field", "value"),)
    ticket_id: int = Field(foreign_key="ticket.id", primary_key=True)
    field: str = Field(foreign_key="customfield.key", primary_key=True)
    value: str = text_field()
    updated_at: datetime = Field(default_factory=now)
