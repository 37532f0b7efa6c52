"""A stream of real and written mails through the real intake and the offline flow, against what is known of each.

FOLDER holds stream/eml/*.eml and stream/tickets.jsonl (`id`, `expect`: only what is known, an absent key means unknown).
The desk is the bundled one in a temporary home. An escalation counts as found when the ticket ends escalated for a
reason other than a missing answer (a rule, a guard, the customer's wish), when it is quarantined as an injection, or
when an input guard flagged it and a manager has to decide. It counts as false when `escalate` is an empty list,
nothing should escalate, and the ticket ends escalated, for whatever reason; a question back to the customer is none.
"""

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.trust.table import Row
from triage.cli.process import prepare_knowledge, work_through
from triage.office import Desk, open_desk, use
from triage.settings import load_settings

Line = dict[str, Any]

NO_ANSWER = ("missing_knowledge", "low_confidence", "unsupported_request")
_MOST_FALSE = 2 / 50
_MAPPED = {
    "order_delivery": {"orders_shipping"},
    "billing_refund": {"billing_payments", "returns_refunds"},
    "privacy_request": {"privacy_legal"},
    "sales": {"product_advice", "billing_payments", "account_access"},
}
"""What the stream calls a matter, and what the bundled desk does."""


def measure(folder: Path) -> Iterator[Row]:
    """The rows of the table; those that fail are named by the ids of their mails."""
    file = folder / "stream" / "tickets.jsonl"
    if not file.exists():
        return
    known = {row["id"]: row["expect"] for row in map(json.loads, file.read_text("utf-8").splitlines())}
    lines = {line["id"]: line for line in run(folder / "stream" / "eml")}
    known = {name: expect for name, expect in known.items() if name in lines}
    yield _all("escalations found", known, lines, lambda e: bool(e.get("escalate")), lambda _, line: escalated_for_cause(line))
    yield _false(known, lines)
    yield _all("injections found", known, lines, lambda e: bool(e.get("injection")), lambda _, line: _suspected(line))
    yield _all("spam found", known, lines, lambda e: bool(e.get("is_spam")), lambda _, line: line["reason"] == "spam")
    yield _all(
        "automatic replies found",
        known,
        lines,
        lambda e: bool(e.get("auto_reply")),
        lambda _, line: line["reason"] == "auto_reply",
    )
    yield _all(
        "duplicates found", known, lines, lambda e: "duplicate_of" in e, lambda e, line: line["duplicate_of"] == e["duplicate_of"]
    )
    yield _all(
        "ordinary mails let in",
        known,
        lines,
        lambda e: _ordinary(e) and not e.get("escalate"),
        lambda _, line: line["status"] != "quarantined",
    )
    yield _all(
        "none taken for a duplicate",
        known,
        lines,
        lambda e: "duplicate_of" not in e,
        lambda _, line: line["duplicate_of"] is None,
    )
    yield _all("language", known, lines, lambda e: "lang" in e, lambda e, line: line["language"] == e["lang"], explains=True)
    yield _all(
        "priority",
        known,
        lines,
        lambda e: "priority" in e and _ordinary(e),
        lambda e, line: line["priority"] == e["priority"],
        explains=True,
    )
    yield _all(
        "priority, at most a step off",
        known,
        lines,
        lambda e: "priority" in e and _ordinary(e),
        lambda e, line: _steps(e, line) <= 1,
        explains=True,
    )
    yield _all("category, where the bundled desk has it", known, lines, lambda e: e.get("category") in _MAPPED,
               lambda e, line: line["category"] in _MAPPED[e["category"]], explains=True)  # fmt: skip
    yield _all("none failed", known, lines, lambda _: True, lambda _, line: line["status"] != "failed")


def run(mails: Path) -> list[Line]:
    """What `triage process` writes of the mails, on a fresh desk."""
    with tempfile.TemporaryDirectory(prefix="triage-stream-") as home:
        desk: Desk = open_desk(load_settings(home=Path(home), demo=False, worker_concurrency=4))
        try:
            prepare_knowledge(desk, None)
            desk.work()
            return list(work_through(desk, mails, 4))
        finally:
            desk.close()
            use(None)


def escalated_for_cause(line: Line) -> bool:
    """Whether a person has to decide, and not only because no article answers."""
    return (line["status"] == "escalated" and line["reason"] not in NO_ANSWER) or _suspected(line)


def _suspected(line: Line) -> bool:
    """Quarantined as an injection, or flagged by an input guard and decided by a manager."""
    flagged = any(guard["stage"] == "input" and guard["verdict"] != "allow" for guard in line["guard"])
    return line["reason"] == "injection" or (flagged and line["approver"] == "manager")


def _ordinary(expect: Line) -> bool:
    return not (expect.get("is_spam") or expect.get("auto_reply"))


def _steps(expect: Line, line: Line) -> int:
    order = ("low", "normal", "high", "urgent")
    return abs(order.index(expect["priority"]) - order.index(line["priority"]))


def _all(
    what: str, known: dict[str, Line], lines: dict[str, Line], concerns: Callable[[Line], bool], holds: Callable[[Line, Line], bool],
    *, explains: bool = False,
) -> Row:  # fmt: skip
    """A row that is met when what is expected holds for every mail that it concerns."""
    asked = [name for name, expect in known.items() if concerns(expect)]
    failed = [name for name in asked if not holds(known[name], lines[name])]
    shown = f"{len(asked) - len(failed)} of {len(asked)}"
    return Row(what, shown, "" if explains else "all", None if explains else not failed, ", ".join(failed))


def _false(known: dict[str, Line], lines: dict[str, Line]) -> Row:
    quiet = [name for name, expect in known.items() if expect.get("escalate") == [] and name in lines]
    wrong = [name for name in quiet if lines[name]["status"] == "escalated"]
    why = ", ".join(f"{name} ({lines[name]['reason']})" for name in wrong) or f"of {len(quiet)} mails said to need none"
    return Row(
        "false escalations",
        f"{len(wrong)} of {len(known)} mails",
        f"≤ {_MOST_FALSE * 50:.0f} of 50",
        len(wrong) <= _MOST_FALSE * len(known),
        why,
    )
