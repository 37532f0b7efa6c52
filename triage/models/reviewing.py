"""What people let the desk tell them of their own reviewing."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from .base import now


class ReviewerConsent(SQLModel, table=True):
    """A person's word on reviewer signals; no row is no. `shared`: managers may see them too. Only what came after `since` counts."""

    user_id: int = Field(foreign_key="user.id", primary_key=True)
    shared: bool = False
    since: datetime = Field(default_factory=now)
