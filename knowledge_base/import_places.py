"""The places of a source: which files are there, and the items that stand in each."""

from collections.abc import Container, Iterable, Iterator, Sequence
from pathlib import Path

from knowledge_base import reading
from knowledge_base.reading import File, Item
from triage.errors import InputError

_MISSING = "there is no such file or folder."


def scope_of(paths: Sequence[Path]) -> str:
    """The name of the source that a single folder or zip is; "" for loose files."""
    if len(paths) != 1:
        return ""
    path = paths[0].resolve()
    return path.name if path.is_dir() else path.stem if path.suffix.lower() == ".zip" else ""


def files_of(paths: Iterable[Path]) -> Iterator[tuple[str, File | InputError]]:
    """The files of files and folders, by name, drafts of an export last; hidden ones are left out.

    A link out of its folder is an error in its place, as is what does not exist.
    """
    for path in paths:
        if path.is_dir():
            root = path.resolve()
            found = [
                p for p in path.rglob("*") if p.is_file() and not any(part.startswith(".") for part in p.relative_to(path).parts)
            ]
            for file in sorted(found, key=lambda p: (p.name.endswith(".draft.md"), p)):
                name = file.relative_to(path).as_posix()
                if file.is_symlink() and not file.resolve().is_relative_to(root):
                    yield name, InputError("it is a link to a place outside the folder; copy the file itself.", source=name)
                else:
                    yield name, _file(file, name)
        elif path.exists():
            yield path.name, _file(path, path.name)
        else:
            yield str(path), InputError(_MISSING, source=str(path))


def names_of(files: Iterable[tuple[str, File | InputError]]) -> set[str]:
    """All places that are there to be looked into, known before anything is read."""
    names: set[str] = set()
    for name, file in files:
        if isinstance(file, File):
            names.update(reading.places(file))
        elif file.problem != _MISSING:
            names.add(name)
    return names


def read_files(files: Iterable[tuple[str, File | InputError]], brought: Container[str] = ()) -> Iterator[tuple[str, Item]]:
    """The items of these files, one by one; those that texts bring along are none."""
    for name, file in files:
        for item in reading.read(file, brought) if isinstance(file, File) else [file]:
            yield name, item


def _file(path: Path, name: str) -> File | InputError:
    try:
        return File.at(path, name)
    except OSError as error:
        return InputError(f"it cannot be read ({error.strerror}).", source=name)
