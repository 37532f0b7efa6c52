"""Child process: a PDF on stdin, its text on stdout. A hostile file can only spoil this process.

Run as a script by attachments.pdf_text, so it imports nothing of the desk.
"""

import contextlib
import io
import logging
import sys

_MEMORY = 768 * 1024 * 1024
_CPU_SECONDS = 8
_MOST_PAGES = 50


def main(limit: int) -> None:
    """Write at most `limit` characters of the PDF's text; leave with status 1 when it cannot be read."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    from pypdf import PdfReader

    logging.disable(logging.CRITICAL)
    texts: list[str] = []
    for page in PdfReader(io.BytesIO(sys.stdin.buffer.read())).pages[:_MOST_PAGES]:
        texts.append(page.extract_text())
        if sum(map(len, texts)) >= limit:
            break
    sys.stdout.buffer.write("\n\n".join(texts)[:limit].encode("utf-8", "replace"))


if __name__ == "__main__":
    main(int(sys.argv[1]))
