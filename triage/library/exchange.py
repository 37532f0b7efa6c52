"""Articles in and out as files."""

import io
from collections.abc import Sequence

from sqlmodel import Session

from knowledge_base import exporting, importing
from knowledge_base.embedding import Embed
from knowledge_base.importing import Report
from knowledge_base.reading import read_bytes
from triage.accounts import access
from triage.accounts.access import Permission
from triage.database import Database
from triage.library import review
from triage.models import User


def import_files(
    database: Database, user: User, files: Sequence[tuple[str, bytes]], *, embed: Embed, published: bool, audience: str = "public"
) -> Report:
    """Import uploaded (name, bytes) files; a line of report an item.

    On a desk where articles need a review, they come in as drafts whatever `published` says.
    """
    access.require(user, Permission.EDIT_KNOWLEDGE)
    with database.read() as session:
        published = published and not review.is_needed(session)
    items = [(name, item) for name, data in files for item in read_bytes(data, name)]
    return importing.import_items(database, items, author=user.actor, embed=embed, publish=published, meta={"audience": audience})


def export_zip(session: Session, user: User) -> bytes:
    """Every article as Markdown with front matter, in one zip; importing it gives the same base."""
    access.require(user, Permission.READ_KNOWLEDGE)
    packed = io.BytesIO()
    exporting.export_zip(session, packed)
    return packed.getvalue()
