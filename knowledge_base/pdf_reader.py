"""Child process: a PDF on stdin, JSON of its title and pages on stdout. A hostile file can only spoil this process.

Run as a script by reading.py, so it imports nothing of ours.
"""

import contextlib
import io
import json
import logging
import sys
from typing import Any

_MEMORY = 1536 * 1024 * 1024
_CPU_SECONDS = 60


def main(most_pages: int) -> None:
    """Write {"title", "pages", "outline": [[heading, page]]} or {"problem"}; leaves with status 1 when nothing can be read."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    logging.disable(logging.CRITICAL)
    sys.stdout.write(json.dumps(_read(sys.stdin.buffer.read(), most_pages)))


def _read(data: bytes, most_pages: int) -> dict[str, Any]:
    from pypdf import PdfReader
    from pypdf.errors import DependencyError, FileNotDecryptedError

    reader = PdfReader(io.BytesIO(data))
    try:
        if reader.is_encrypted and not reader.decrypt(""):
            return {"problem": "locked"}
        if len(reader.pages) > most_pages:
            return {"problem": "long", "pages": len(reader.pages)}
        pages = [page.extract_text() or "" for page in reader.pages]
    except (DependencyError, FileNotDecryptedError):
        return {"problem": "locked"}
    title, outline = "", []
    with contextlib.suppress(Exception):  # a title or an outline that cannot be read is none
        title = str(reader.metadata.title or "") if reader.metadata else ""
    with contextlib.suppress(Exception):
        outline = [
            [str(entry.title), reader.get_destination_page_number(entry)]
            for entry in reader.outline
            if not isinstance(entry, list)
        ]
    return {"title": title, "pages": pages, "outline": outline}


if __name__ == "__main__":
    main(int(sys.argv[1]))
