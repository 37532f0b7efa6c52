"""Articles out as files."""

import io
from functools import partial
from pathlib import Path

from sqlmodel import Session

from knowledge_base import exporting
from triage.accounts import access
from triage.accounts.access import Permission
from triage.library import files
from triage.models import User
from triage.settings import Settings


def export_zip(session: Session, settings: Settings, user: User) -> bytes:
    """Every article as Markdown with its files, in one zip; importing it gives the same base."""
    access.require(user, Permission.READ_KNOWLEDGE)
    packed = io.BytesIO()
    exporting.export_zip(session, packed, partial(files.content, settings))
    return packed.getvalue()


def export_folder(session: Session, settings: Settings, folder: Path) -> int:
    """The same into a folder, for the command line; returns how many articles."""
    return exporting.export(session, folder, partial(files.content, settings))
