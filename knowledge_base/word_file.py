"""The words of a large base in a file, because reading 100,000 passages takes half a minute and the file a second.

It is a copy like the index: whatever does not fit the database or this code is not read, and the words are read anew.
"""

import hashlib
import json
import logging
import os
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge_base.postings import Segment

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Words:
    """All words at one generation: the terms' names by number, passages and what is known of them by row."""

    generation: int
    names: list[str]
    ids: list[str]
    languages: list[str]
    public: NDArray[np.bool_]
    segment: Segment


def save(path: Path, words: Words, database: str) -> None:
    """Write the file in one piece; `database` tells whose words these are. A full disk is reported and harmless."""
    about = {"recipe": _recipe(), "database": database, "generation": words.generation}
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        with draft.open("wb") as file:
            np.savez(
                file,
                about=_packed([json.dumps(about)]),
                names=_packed(words.names),
                ids=_packed(words.ids),
                languages=_packed(words.languages),
                public=words.public,
                size=np.array(words.segment.size),
                starts=words.segment.starts,
                rows=words.segment.rows,
                weights=words.segment.weights,
            )
        draft.replace(path)
    except OSError as error:
        log.warning("The words of the passages could not be kept in %s (%s); the next start reads them anew.", path, error)
        draft.unlink(missing_ok=True)


def load(path: Path, database: str, generation: int) -> Words | None:
    """The words kept for this database, of its generation or an earlier one; None when there are none that fit."""
    try:
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            about = json.loads(_unpacked(file["about"])[0])
            if (about["recipe"], about["database"]) != (_recipe(), database) or about["generation"] > generation:
                return None
            segment = Segment(int(file["size"]), file["starts"], file["rows"], file["weights"])
            names, ids, languages = (_unpacked(file[name]) for name in ("names", "ids", "languages"))
            return Words(about["generation"], names, ids, languages, file["public"], segment)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        log.warning("The words kept in %s cannot be used (%s: %s); they are read anew.", path, type(error).__name__, error)
        return None


@lru_cache(maxsize=1)
def _recipe() -> str:
    """A hash of the code that makes words and weights: after an update they are read anew."""
    from knowledge_base import lexical, postings

    sources = [Path(str(module.__file__)).read_bytes() for module in (lexical, postings)]
    return hashlib.sha256(b"".join(sources)).hexdigest()


def _packed(texts: list[str]) -> Any:
    return np.frombuffer(json.dumps(texts).encode(), np.uint8)


def _unpacked(packed: Any) -> list[str]:
    found: list[str] = json.loads(packed.tobytes())
    return found
