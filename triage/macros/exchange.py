"""Saved replies as a YAML file: written for people to read and change, read back the same."""

from typing import Any

import yaml
from sqlmodel import Session, select

from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import InputError
from triage.macros import keeping
from triage.macros.keeping import MacroText
from triage.models import Macro, User
from triage.spoken import UNSPEAKABLE

_MOST_BYTES, _MOST = 2_000_000, 2_000
_DEEPEST, _LONGEST_NUMBER = 8, 100
_OF_NUMBERS = frozenset("+-0123456789abcdefABCDEFxo_:.")
_FIELDS = ("title", "shortcut", "audience", "team", "body")


class _Plain(yaml.SafeDumper):
    """Texts of several lines as blocks, so that the file reads like the replies."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Plain.add_representer(str, _text)


def export_yaml(session: Session, user: User) -> str:
    """What the person sees on the screen, as a file."""
    rows = keeping.listing(session, user)
    listed = [
        {name: getattr(row, name) for name in _FIELDS if getattr(row, name)} | {"sets": row.actions or None} for row in rows
    ]
    kept = [{name: value for name, value in entry.items() if value} for entry in listed]
    return yaml.dump({"macros": kept}, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=1000)


def import_yaml(session: Session, user: User, text: str) -> tuple[int, int]:
    """Take a file in; one with the shortcut or else the title of a known one of the same audience replaces it.

    Returns (made, changed). Raises InputError that names the entry which cannot be used; then nothing is taken in.
    """
    user = access.fresh(session, user)
    access.require(user, Permission.WORK_INBOX)
    made = changed = 0
    for number, entry in enumerate(_entries(text), 1):
        wanted = _read(entry, number)
        try:
            former = _former(session, user, wanted)
            if former and _same(former, wanted):
                continue
            keeping.save(session, user, wanted, former.id if former else None)
        except InputError as error:
            raise InputError(f"Entry {number}, “{wanted.title}”: {error}") from error
        made, changed = made + (former is None), changed + (former is not None)
    return made, changed


def _entries(text: str) -> list[Any]:
    if len(text.encode(errors="replace")) > _MOST_BYTES:
        raise InputError("This file is larger than 2 MB; split it.")
    try:
        _plain_enough(text)
        read = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError, ArithmeticError) as error:
        raise InputError(f"This is no readable YAML: {' '.join(str(error).split())[:200]}") from error
    entries = read.get("macros") if isinstance(read, dict) else read
    if not isinstance(entries, list):
        raise InputError("A file of saved replies holds a list under “macros”; export one to see how it looks.")
    if len(entries) > _MOST:
        raise InputError(f"This file has {len(entries):,} entries; at most {_MOST:,} are taken at once.")
    return entries


def _plain_enough(text: str) -> None:
    """Raises InputError for what makes a reader of YAML work without end: references, nesting, numbers of many digits."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent):
            raise InputError("This file uses YAML references; write every text out.")
        if depth > _DEEPEST:
            raise InputError("This file nests its lists deeper than saved replies do; export one to see how it looks.")
        if isinstance(event, yaml.ScalarEvent):
            if event.implicit[0] and len(event.value) > _LONGEST_NUMBER and set(event.value) <= _OF_NUMBERS:
                raise InputError("This file holds a number of very many digits; put quotes around what is a text.")
            if UNSPEAKABLE.search(event.value):
                raise InputError("This file holds characters that no text can have; write them out.")


def _read(entry: Any, number: int) -> MacroText:
    if not isinstance(entry, dict) or not isinstance(entry.get("title"), str):
        raise InputError(f"Entry {number} has no title.")
    if unknown := {str(name) for name in entry} - {*_FIELDS, "sets"}:
        raise InputError(f"Entry {number}, “{entry['title']}”: {', '.join(sorted(unknown))} is not known.")
    words = {name: entry.get(name) or "" for name in _FIELDS}
    sets = entry.get("sets") or {}
    if not all(isinstance(value, str) for value in words.values()) or not isinstance(sets, dict):
        raise InputError(f"Entry {number}, “{entry['title']}”: its fields are texts, and “sets” a list of names and values.")
    words["audience"] = words["audience"] or "own"
    return MacroText(**words, actions={str(name): value for name, value in sets.items()})


def _former(session: Session, user: User, wanted: MacroText) -> Macro | None:
    same = select(Macro).where(Macro.audience == wanted.audience, Macro.team == wanted.team)
    if wanted.audience == "own":
        same = same.where(Macro.owner_id == user.id)
    shortcut = wanted.shortcut.strip().lstrip(":").lower()
    by = (Macro.shortcut == shortcut) if shortcut else (Macro.title == " ".join(wanted.title.split()))
    return session.exec(same.where(by).order_by(Macro.id).limit(1)).first()  # type: ignore[arg-type]


def _same(row: Macro, wanted: MacroText) -> bool:
    mine = (row.title, row.body, row.shortcut, dict(row.actions))
    theirs = (
        " ".join(wanted.title.split()), wanted.body.replace("\r\n", "\n").strip(), wanted.shortcut.strip().lstrip(":").lower(),
        dict(wanted.actions),
    )  # fmt: skip
    return mine == theirs
