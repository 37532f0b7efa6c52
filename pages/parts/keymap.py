"""Every key of the desk: the one list that help, palette, buttons and documents draw from.

A letter acts without a modifier, whatever keyboard layout produces it. To add a key, add a line here; a button shows it
when it is drawn with `shortcut=hint(name)`.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

DECIDE, LEARN, WORK, MOVE, LOOK, HELP = "Decide", "Learn from an edit", "Work on the ticket", "Move", "Look", "Help"
GROUPS = (DECIDE, LEARN, WORK, MOVE, LOOK, HELP)
COMMIT = "Ctrl+Enter"


@dataclass(frozen=True)
class Key:
    """One key and the one thing it does: `press`, else `focus`; or `tab`; or `event`.

    `press`: keys of buttons, the first that is on the page is pressed; a * at the end stands for any ending, and the
    last such button is meant; "box button" looks within a container. A button that shows the key is pressed when there is none of these. `focus`: a CSS selector of a field. `tab`: number
    of a tab beside the ticket. `event`: a `triage:NAME` event on the document, for what a component does in the
    browser; `needs` is a CSS selector of what has to be there for it to make sense.
    """

    name: str
    keys: tuple[str, ...]
    does: str
    group: str
    press: tuple[str, ...] = ()
    focus: str = ""
    tab: int = 0
    event: str = ""
    needs: str = ""
    decides: bool = False  # acts only on the draft that was on the screen when the key was pressed
    opens: tuple[str, ...] = ()  # those of `press` that lead to a field; what is typed meanwhile goes there
    repeats: bool = False  # goes on while the key is held down


KEYS = (
    Key(
        "commit", (COMMIT,), "approve and open the next ticket; in a form, send the form", DECIDE, decides=True,
        press=("td_submit", "td_approve"),
    ),
    Key("approve", ("A",), "approve and stay on the ticket", DECIDE, event="approve", needs="html[data-live] .st-key-td_approve button", decides=True),
    Key("edit", ("E",), "edit the draft, write the reply", DECIDE, press=("td_edit", "td_master_edit"), opens=("td_edit", "td_master_edit"), focus=".st-key-draft textarea, .st-key-compose textarea"),
    Key("changes", ("Q",), "request changes", DECIDE, press=("td_changes", "td_master_again"), opens=("td_changes", "td_master_again")),
    Key("reject", ("D",), "reject the draft; no incident", DECIDE, press=("td_reject", "td_incident_dissolve"), opens=("td_reject",)),
    Key(
        "unsupported", ("U",), "show the next sentence without a source; again: take responsibility for it", DECIDE,
        event="unsupported", needs=".st-key-acks input",
    ),
    Key("later", ("M",), "send it later, at a chosen time", DECIDE, press=("td_send_later", "td_later_change"), opens=("td_send_later", "td_later_change")),
    Key("escalate", ("O",), "escalate, over to the managers", DECIDE, press=("td_escalate",), opens=("td_escalate",)),
    Key("hand_over", ("P",), "pass a sensitive draft to a manager", DECIDE, press=("td_hand_over",), opens=("td_hand_over",)),
    Key("alike", ("B",), "review drafts that are alike", DECIDE, press=("td_alike",)),
    Key("undo", ("Z",), "undo sending", DECIDE, press=("td_undo_*", "td_incident_undo_*", "td_batch_undo")),
    Key("as_article", ("F",), "after sending with changes: make the edit an article fix", LEARN, press=("learn_keys td_learn_article_*",)),
    Key("as_style", ("Y",), "make it a style rule", LEARN, press=("learn_keys td_learn_style_*",)),
    Key("as_case", ("V",), "make it an evaluation case", LEARN, press=("learn_keys td_learn_case_*",)),
    Key("note", ("N",), "write a note for the team", WORK, press=("td_note",), opens=("td_note",)),
    Key("snooze", ("S",), "snooze the ticket, or wake it", WORK, press=("td_snooze", "td_wake"), opens=("td_snooze",)),
    Key("take", ("T",), "take the ticket", WORK, press=("td_take",)),
    Key("assign", ("G",), "give the ticket to somebody", WORK, press=("td_assign",), opens=("td_assign",)),
    Key("category", ("C",), "file it under another category", WORK, press=("td_category",), opens=("td_category",)),
    Key("incident", ("I",), "put it in an incident", WORK, press=("td_to_incident",), opens=("td_to_incident",)),
    Key("let_in", ("L",), "let it in from quarantine", WORK, press=("td_let_in",)),
    Key("again", ("R",), "try again what failed", WORK, press=("td_retry", "td_again")),
    Key("close", ("W",), "close it without an answer", WORK, press=("td_close", "td_dismiss"), decides=True),
    Key("next", ("J",), "next ticket", MOVE, event="next", repeats=True),
    Key("previous", ("K",), "previous ticket", MOVE, event="previous", repeats=True),
    Key("select", ("X",), "select it in the queue", MOVE, event="select", needs=".st-key-queue"),
    Key("search", ("/",), "search tickets", MOVE, event="find"),
    Key("palette", ("Ctrl+K", ":"), "find any command, screen, view or ticket", MOVE, event="palette"),
    Key("evidence", ("1",), "evidence", LOOK, tab=1),
    Key("customer", ("2",), "the customer", LOOK, tab=2),
    Key("why", ("3",), "why the draft is as it is", LOOK, tab=3),
    Key("history", ("4",), "what happened so far", LOOK, tab=4),
    Key("help", ("H", "?"), "show all keys", HELP, event="help"),
)  # fmt: skip

_BY_NAME = {key.name: key for key in KEYS}


def hint(name: str) -> str:
    """The key as a button shows it, for `st.button(shortcut=…)`. Raises KeyError when there is none of that name."""
    return _BY_NAME[name].keys[0]


def shown(key: Key) -> str:
    """A key as people read it: "Ctrl Enter", "H or ?"."""
    return " or ".join(name.replace("+", " ") for name in key.keys)


@cache
def for_browser() -> list[dict[str, Any]]:
    """The list as keys.js takes it; every draw sends the same."""
    return [asdict(key) | {"shown": shown(key)} for key in KEYS]


def table() -> Iterator[str]:
    """Lines of Markdown for the documents."""
    yield "| Key | What it does |"
    yield "|---|---|"
    for group in GROUPS:
        for key in KEYS:
            if key.group == group:
                yield f"| `{shown(key).replace(' or ', '` or `')}` | {key.does} |"
