"""Articles out as files."""

import io

from sqlmodel import Session

from knowledge_base import exporting
from triage.accounts import access
from triage.accounts.access import Permission
from triage.models import User


def export_zip(session: Session, user: User) -> bytes:
    """Every article as Markdown with front matter, in one zip; importing it gives the same base."""
    access.require(user, Permission.READ_KNOWLEDGE)
    packed = io.BytesIO()
    exporting.export_zip(session, packed)
    return packed.getvalue()
