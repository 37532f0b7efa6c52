"""What people and the desk did beside deciding, in the words of the history."""

from datetime import datetime
from typing import Any

from pages.parts import words

_PLAIN = {
    "unscheduled": "let it be sent at once",
    "macro_used": "chose the macro “{title}”",
    "rating_asked": "asked the customer how it went",
    "rating_unwanted": "wants no more such questions",
    "merged": "put it into #{into}",
    "merged_in": "put #{other} into it",
    "unmerged": "took the merge with #{other} back",
    "split": "took messages out into #{into}",
    "priority": "made its priority {to} instead of {was}",
}


def said(kind: str, data: dict[str, Any]) -> str:
    """A sentence without its subject; "" for kinds that are told elsewhere."""
    if kind == "tags":
        was, to = set(data.get("was") or []), set(data.get("to") or [])
        added, gone = sorted(to - was), sorted(was - to)
        parts = [f"tagged it {', '.join(added)}"] if added else []
        return " and ".join(parts + ([f"took off the tag {', '.join(gone)}"] if gone else []))
    if kind == "fields":
        filled = data.get("to") or {}
        return "filled in " + ", ".join(f"{str(key).replace('_', ' ')}: {value or 'nothing'}" for key, value in filled.items())
    if kind == "scheduled":
        return f"chose {_moment(data.get('at'))} for sending"
    if kind == "rated":
        return f"rated it {data.get('score')} of 5"  # the comment follows, as for every event that has one
    if kind == "judged_settled":
        told = {"yes": "judged it settled", "no": "judged it not settled"}
        return told.get(str(data.get("settled")), "could not tell whether it is settled")
    return (
        _PLAIN[kind].format_map({name: data.get(name, "") for name in ("title", "into", "other", "to", "was")})
        if kind in _PLAIN
        else ""
    )


def _moment(value: object) -> str:
    try:
        return words.clock(datetime.fromisoformat(str(value)))
    except ValueError:
        return str(value)
