"""Hands mail to a Maildir folder; the file's name is the idempotency key, so twice is once."""

import os
from email.message import EmailMessage
from pathlib import Path


def put(folder: Path, key: str, mail: EmailMessage) -> Path:
    """Store a mail in `folder` under its key; returns the file, the former one when it is there already.

    Raises OSError when the folder cannot be written.
    """
    for name in ("tmp", "new", "cur"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    if former := next((path for place in ("new", "cur") for path in (folder / place).glob(f"{key}*")), None):
        return former
    draft, final = folder / "tmp" / key, folder / "new" / key
    with draft.open("wb") as file:
        file.write(mail.as_bytes())
        file.flush()
        os.fsync(file.fileno())
    draft.rename(final)
    return final
