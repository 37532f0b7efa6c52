"""The watched folder: a mail put into TRIAGE_HOME/inbox becomes a ticket."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from triage.database import Database
from triage.errors import InputError
from triage.intake.files import Item, read, read_mail
from triage.intake.message import Receipt
from triage.intake.receive import Enqueue, receive
from triage.settings import Settings

log = logging.getLogger(__name__)
_MANY = frozenset({".jsonl", ".ndjson", ".mbox"})
_UNFINISHED = frozenset({".tmp", ".part", ".partial", ".crdownload", ".swp"})


@dataclass
class TakenIn:
    """What one look into the folder did; `refused` holds a sentence for each file or line that could not be used."""

    receipts: list[Receipt] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def take_in(database: Database, settings: Settings, enqueue: Enqueue, *, settle_seconds: float = 1.0) -> TakenIn:
    """Take in what lies in home/inbox: .eml (or files without a known ending), .mbox and .jsonl.

    Files whose last change is younger than `settle_seconds` are left for the next look: they may still be written.
    A file moves to inbox/done after its messages are committed. A crash in between is harmless: taken in again,
    they are recognised. A file that cannot be used moves to inbox/refused, with the reason beside it.
    """
    inbox, taken = settings.folder("inbox"), TakenIn()
    for path in sorted(inbox.iterdir()):
        if path.name.startswith(".") or path.suffix.lower() in _UNFINISHED or not _settled(path, settle_seconds):
            continue
        try:
            refused = _take_file(database, settings, enqueue, path, taken)
        except InputError as error:
            refused = [str(error)]
        except OSError as error:
            log.warning("%s stays in the inbox folder: %s", path.name, error)
            continue
        taken.refused += refused
        _put_away(path, settings.folder("inbox/refused" if refused else "inbox/done"), refused)
    return taken


def _take_file(database: Database, settings: Settings, enqueue: Enqueue, path: Path, taken: TakenIn) -> list[str]:
    if path.suffix.lower() not in _MANY:
        items: list[Item] = [(path.name, read_mail(path, settings))]
        return _take_items(database, settings, enqueue, iter(items), taken)
    return _take_items(database, settings, enqueue, read(path, settings), taken, prefix=f"inbox/{path.name}/")


def _take_items(
    database: Database, settings: Settings, enqueue: Enqueue, items: Iterator[Item], taken: TakenIn, prefix: str = ""
) -> list[str]:
    """Each message in its own transaction. Ids of lines are only unique inside their file, so its name goes before them."""
    refused = []
    for name, item in items:
        if isinstance(item, InputError):
            refused.append(str(item))
            continue
        incoming = item.model_copy(update={"source_id": f"{prefix}{name}" if prefix else None})
        with database.transaction() as session:
            taken.receipts.append(receive(session, incoming, settings, enqueue=enqueue, actor="inbox"))
    return refused


def _settled(path: Path, seconds: float) -> bool:
    try:
        return path.is_file() and not path.is_symlink() and time.time() - path.stat().st_mtime >= seconds
    except OSError:
        return False


def _put_away(path: Path, folder: Path, refused: list[str]) -> None:
    target, number = folder / path.name, 1
    while target.exists():
        target, number = folder / f"{path.stem}-{number}{path.suffix}", number + 1
    path.replace(target)
    if refused:
        target.with_name(target.name + ".why.txt").write_text("\n".join(refused) + "\n", encoding="utf-8")
