"""Files that come with a message: which are kept, under what name, and what they say."""

import csv
import io
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from triage.intake.charsets import decode
from triage.intake.clean import reveal
from triage.intake.documents import document_text
from triage.intake.message import IncomingFile
from triage.intake.pictures import picture_words
from triage.intake.visible import render
from triage.settings import Settings

# extension -> content type under which the file is kept
ALLOWED = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "bmp": "image/bmp",
    "heic": "image/heic",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "log": "text/plain",
    "md": "text/plain",
    "csv": "text/csv",
    "json": "application/json",
    "html": "text/html",
    "htm": "text/html",
    "eml": "message/rfc822",
    "ics": "text/calendar",
    "vcf": "text/vcard",
    "rtf": "application/rtf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "m4a": "audio/mp4",
    "ogg": "audio/ogg",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
}
MOST_FILES = 40
TEXT_LIMIT = 40_000  # characters of an attachment's text that agents and guards look at
_DOCUMENTS = {ALLOWED[extension] for extension in ("docx", "xlsx", "odt", "ods")}
_EXTENSION = {content_type: extension for extension, content_type in reversed(ALLOWED.items())}
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"II*\x00", b"MM\x00*")
_PROGRAMS = (b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xcf\xfa\xed\xfe")
_TOO_MANY = f"More than {MOST_FILES} files in one message."
_PDF_SECONDS, _PDF_SECONDS_TOGETHER = 10.0, 20.0


@dataclass
class Patience:
    """What the files of one message share: how many were looked at, and the seconds left for reading PDFs."""

    files: int = 0
    seconds: float = _PDF_SECONDS_TOGETHER


def accept(filename: str, content_type: str, data: bytes, settings: Settings, patience: Patience | None = None) -> IncomingFile:
    """Take a file in or refuse it with the reason; the text of txt, csv, html, pdf and office files is read,
    and the words in a picture's metadata as hidden text, up to a limit.

    Files of one message share a `patience`: those beyond the number that one may carry are refused unread.
    """
    patience = patience or Patience()
    patience.files += 1
    name = safe_name(filename, content_type)
    declared = content_type.split(";")[0].strip().lower()
    why = _TOO_MANY if patience.files > MOST_FILES else _refusal(name, declared, data, settings)
    if why:
        return IncomingFile(filename=name, content_type=declared[:100], size=len(data), refused=why)
    kept_type = _kept_type(name, declared)
    begun = time.monotonic()
    text, hidden = text_of(kept_type, data, seconds=min(_PDF_SECONDS, patience.seconds))
    patience.seconds = max(0.0, patience.seconds - (time.monotonic() - begun))
    return IncomingFile(
        filename=name, content_type=kept_type, data=data, size=len(data), text=text[:TEXT_LIMIT], hidden=hidden[:TEXT_LIMIT]
    )


def refuse_rest(files: list[IncomingFile]) -> list[IncomingFile]:
    """Keep the first files and refuse those beyond the number that one message may carry."""
    rest = [
        file.model_copy(update={"data": b"", "text": "", "refused": file.refused or _TOO_MANY}) for file in files[MOST_FILES:]
    ]
    return files[:MOST_FILES] + rest[:200]


def safe_name(filename: str, content_type: str = "") -> str:
    """A file name without folders, control and direction-changing characters, at most 120 characters long."""
    name = PurePosixPath(PureWindowsPath(reveal(filename)[0]).name).name
    name = re.sub(r"[\x00-\x1f<>:\"/\\|?*\n\t]", "_", name).strip(" .")
    extension = _EXTENSION.get(content_type.split(";")[0].strip().lower(), "")
    if not name:
        name = "attachment"
    if "." not in name and extension:
        name = f"{name}.{extension}"
    stem, dot, ending = name.rpartition(".")
    return name if len(name) <= 120 else f"{stem[: 119 - len(ending[:10])]}{dot}{ending[:10]}"


def text_of(content_type: str, data: bytes, seconds: float = _PDF_SECONDS) -> tuple[str, str]:
    """What the file says to a reader, and what it says unseen; "" when it has no text that can be read."""
    if content_type == "text/html":
        return render(decode(data[: 4 * TEXT_LIMIT]))
    if content_type == "application/pdf":
        return reveal(pdf_text(data, seconds))
    if content_type in _DOCUMENTS:
        return _revealed(*document_text(data, TEXT_LIMIT))
    if content_type.startswith("image/"):
        return _revealed("", picture_words(data))
    if content_type == "text/csv":
        return reveal(_csv_text(decode(data[: 4 * TEXT_LIMIT])))
    if content_type.startswith("text/") or content_type in ("application/json", "message/rfc822"):
        return reveal(decode(data[: 4 * TEXT_LIMIT]))
    return "", ""


def _revealed(text: str, unseen: str) -> tuple[str, str]:
    """Both storable; what invisible characters spelled in the text joins what is unseen."""
    shown, smuggled = reveal(text)
    return shown, "\n".join(part for part in (reveal(unseen)[0], smuggled) if part)


def pdf_text(data: bytes, seconds: float = _PDF_SECONDS) -> str:
    """Text of a PDF, read in a child process with limits on time and memory; "" when it cannot be read."""
    if seconds <= 0:
        return ""
    reader = Path(__file__).with_name("pdf_reader.py")
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(reader), str(TEXT_LIMIT)], input=data, capture_output=True, timeout=seconds, check=False
        )
    except (subprocess.TimeoutExpired, OSError):
        return ""
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else ""


def _refusal(name: str, declared: str, data: bytes, settings: Settings) -> str | None:
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    if len(data) > settings.attachment_limit:
        return f"Larger than {settings.attachment_limit:,} bytes."
    if not data:
        return "The file is empty."
    if data.startswith(_PROGRAMS):
        return "The file is a program."
    if extension not in ALLOWED:
        return (
            f"Files of type .{extension} are not taken." if extension else f"Files of type {declared or 'unknown'} are not taken."
        )
    claimed = {declared, ALLOWED[extension]}
    if "application/pdf" in claimed and b"%PDF" not in data[:1024]:
        return "The file says it is a PDF but is not one."
    is_image = data.startswith(_IMAGES) or data[4:8] == b"ftyp"
    if ALLOWED[extension].startswith("image/") and not is_image:
        return "The file says it is an image but is not one."
    return None


def _kept_type(name: str, declared: str) -> str:
    """The type by the file's ending, unless the declared one is an allowed type of the same family (text/plain, image/…)."""
    by_name = ALLOWED[name.rpartition(".")[2].lower()]
    same_family = declared.split("/")[0] == by_name.split("/")[0] and declared.split("/")[0] in ("image", "audio", "video")
    return declared if declared in _EXTENSION and same_family else by_name


def _csv_text(text: str) -> str:
    try:
        rows = list(csv.reader(io.StringIO(text)))
    except csv.Error:
        return text
    return "\n".join(" | ".join(cell.strip() for cell in row) for row in rows if any(row))
