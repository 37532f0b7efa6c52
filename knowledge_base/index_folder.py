"""The folder of an index: who owns it, whether it is sound, whether it was closed in order."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import IO

_CHECK_SECONDS = 60.0


def check(folder: Path, seconds: float = _CHECK_SECONDS) -> str | None:
    """Open and query an index in a child process, because a damaged one can take its process down.

    None when it is sound or was closed in order and is untouched since; else what is wrong in one line.
    """
    if not (folder / "chroma").exists():
        return None
    mark = folder / "clean.json"
    if _closed_in_order(mark, folder):
        mark.unlink()
        return None
    mark.unlink(missing_ok=True)
    root = str(Path(__file__).resolve().parents[1])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))}
    command = [sys.executable, "-m", "knowledge_base.index_check", str(folder / "chroma")]
    try:
        child = subprocess.run(command, env=environment, timeout=seconds, capture_output=True, text=True, check=False)
    except subprocess.TimeoutExpired:
        return f"it did not open within {seconds:g} s"
    if child.returncode == 0:
        return None
    return (child.stdout.strip().splitlines() or [f"opening it ended with exit code {child.returncode}"])[-1]


def _closed_in_order(mark: Path, folder: Path) -> bool:
    """Whether the mark tells of the files as they are; one that a kill cut off half way tells nothing."""
    try:
        return bool(json.loads(mark.read_text()) == _print_of(folder))
    except (FileNotFoundError, ValueError):
        return False


def owner_lock(path: Path) -> IO[str] | None:
    """The lock of the index's one owner, held until closed (also by the system when the process dies); None if taken."""
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _print_of(folder: Path) -> dict[str, list[int]]:
    files = sorted(path for path in (folder / "chroma").rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): [path.stat().st_size, path.stat().st_mtime_ns] for path in files}


def mark_clean(folder: Path) -> None:
    """Remember what an orderly end left, so that the next start can see that nothing touched it."""
    if (folder / "chroma").exists():
        (folder / "clean.json").write_text(json.dumps(_print_of(folder)))


def empty(folder: Path) -> None:
    """Remove whatever is in the folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
