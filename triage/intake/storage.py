"""Raw mail and attachments on disk, each under the hash of its bytes."""

import hashlib
from pathlib import Path
from uuid import uuid4

from triage.intake.message import Incoming
from triage.settings import Settings, make_private


def raw_path(settings: Settings, sha256: str) -> Path:
    """Where the raw bytes of a mail lie."""
    return settings.home / "mail" / "raw" / sha256[:2] / f"{sha256}.eml"


def attachment_path(settings: Settings, sha256: str) -> Path:
    """Where the bytes of an attachment lie."""
    return settings.home / "attachments" / sha256


def keep(settings: Settings, incoming: Incoming) -> str | None:
    """Write what came along, before the database is asked for anything; gives the hash of the raw mail.

    A crash afterwards leaves at most a file that no row names; the next try finds it and goes on.
    """
    for file in incoming.attachments:
        if file.data:
            keep_file(settings, file.sha256, file.data)
    if incoming.raw is None:
        return None
    sha256 = hashlib.sha256(incoming.raw).hexdigest()
    _write(raw_path(settings, sha256), incoming.raw)
    return sha256


def keep_file(settings: Settings, sha256: str, data: bytes) -> None:
    """Write the bytes of one file where `attachment_path` finds them."""
    _write(attachment_path(settings, sha256), data)


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all: another process never sees half a file."""
    if path.exists():
        return
    make_private(path.parent)
    half = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
    half.write_bytes(data)
    half.replace(path)
