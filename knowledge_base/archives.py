"""Zips from strangers: what is in one is known before anything is unpacked, and nothing of it is written to disk."""

import stat
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath
from typing import IO

from triage.errors import InputError

LARGEST_MEMBER = 50_000_000  # bytes of one file in a zip, unpacked
LARGEST_TOGETHER = 1_000_000_000  # bytes of all files that are read, unpacked
MOST_MEMBERS = 20_000
STEEPEST = 200  # times a file may grow when unpacked; deflate reaches 1,032
_LARGEST_DIRECTORY = 400 * MOST_MEMBERS  # bytes: an entry has 46 and its name
_END = b"PK\x05\x06"


@dataclass(frozen=True)
class Member:
    """A file in a zip; `problem` says why it is not read."""

    name: str
    info: zipfile.ZipInfo
    problem: str = ""


def opened(file: IO[bytes], name: str) -> zipfile.ZipFile:
    """The open zip. Raises InputError for one with too many files, before its directory is read, and for a broken one."""
    if _directory_size(file) > _LARGEST_DIRECTORY:
        raise InputError(f"it holds more than {MOST_MEMBERS:,} files; split it.", source=name)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise InputError(
            f"it is damaged or not a zip ({_plain(error)}); download it again, or pack it anew.", source=name
        ) from error
    infos = archive.infolist()
    if len(infos) > MOST_MEMBERS:
        raise InputError(f"it holds {len(infos):,} files and at most {MOST_MEMBERS:,} are read; split it.", source=name)
    if _overlap(infos):
        raise InputError("its files lie upon each other, which only a zip bomb does.", source=name)
    return archive


def members(archive: zipfile.ZipFile, wanted: frozenset[str]) -> Iterator[Member]:
    """The files in the order of their names, drafts of an export last; what systems add by themselves is left out.

    `wanted` are the endings that can be read: only those count towards the limit of bytes.
    """
    total = 0
    for info in sorted(archive.infolist(), key=lambda info: (info.filename.endswith(".draft.md"), info.filename)):
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if info.is_dir() or any(part.startswith((".", "__MACOSX")) and part != ".." for part in path.parts):
            continue
        problem = _problem(info, path)
        if not problem and path.suffix.lower() in wanted:
            total += info.file_size
            if total > LARGEST_TOGETHER:
                problem = f"the zip unpacks to more than {LARGEST_TOGETHER:,} bytes, and this file is beyond them; split it."
        yield Member(str(path), info, problem)


def content(archive: zipfile.ZipFile, member: Member) -> bytes:
    """The bytes of a file, at most as many as its entry promises. Raises InputError when it cannot be unpacked."""
    import zlib

    try:
        with archive.open(member.info) as file:
            return file.read(LARGEST_MEMBER + 1)
    except NotImplementedError as error:
        raise InputError(
            "it is packed by a method that is not read; pack the zip anew with deflate.", source=member.name
        ) from error
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError) as error:
        raise InputError(f"it is damaged in the zip ({_plain(error)}); pack the zip anew.", source=member.name) from error


def check_document(data: IO[bytes], name: str, largest: int) -> None:
    """Raise InputError when an office document, which is a zip, is a zip bomb or broken."""
    with opened(data, name) as archive:
        infos = archive.infolist()
        if sum(info.file_size for info in infos) > largest or any(_is_steep(info) for info in infos):
            raise InputError(
                f"it unpacks to more than {largest:,} bytes or far too steeply: it looks like a zip bomb.", source=name
            )


def _problem(info: zipfile.ZipInfo, path: PurePosixPath) -> str:
    if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
        return "its path leads out of the zip."
    if stat.S_ISLNK(info.external_attr >> 16):
        return "it is a link to another place; pack the file itself."
    if info.flag_bits & 1:
        return "it is encrypted; pack the zip without a password."
    if info.file_size > LARGEST_MEMBER or _is_steep(info):
        return f"it unpacks to {info.file_size:,} bytes, which looks like a zip bomb."
    return "a zip within the zip is not opened; unpack it first." if path.suffix.lower() == ".zip" else ""


def _is_steep(info: zipfile.ZipInfo) -> bool:
    return info.file_size > STEEPEST * max(info.compress_size, 5_000)


def _overlap(infos: list[zipfile.ZipInfo]) -> bool:
    """Whether two entries share packed bytes: a few kilobytes would count as many files (David Fifield, 2019)."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    return any(
        first.header_offset + 30 + first.compress_size > second.header_offset
        for first, second in pairwise(ordered)
        if not first.is_dir()
    )


def _directory_size(file: IO[bytes]) -> int:
    """Bytes of the zip's directory as its end record says, 0 when there is none: zipfile would make an object of each entry."""
    file.seek(0, 2)
    length = file.tell()
    file.seek(max(0, length - 66_000))
    tail = file.read()
    file.seek(0)
    place = tail.rfind(_END)
    if place < 0 or len(tail) < place + 22:
        return 0
    size = int(struct.unpack_from("<L", tail, place + 12)[0])
    if size == 0xFFFFFFFF and place >= 76:  # zip64: the record before the locator before the end record
        size = int(struct.unpack_from("<Q", tail, place - 76 + 40)[0])
    return size


def _plain(error: Exception) -> str:
    return str(error).strip(". ") or type(error).__name__
