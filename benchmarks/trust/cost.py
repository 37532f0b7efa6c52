"""What the whole input check costs: all guards at the door, over mails made of the evaluation set's tickets."""

import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.injection_texts import cases
from benchmarks.trust.table import Row, at_most
from triage.guardrails.input import check_input

_PLAIN, _LONG, _HUGE = 400, 2_000, 100_000  # characters
_MAILS = {_PLAIN: 200, _LONG: 100, _HUGE: 5}


def measure(folder: Path) -> Iterator[Row]:
    tickets = [case.body for case in cases(folder) if case.kind.startswith("ticket_")]
    check_input(subject="Warm up", body="\n".join(tickets[:10]))
    _, busy = _timed(_made(tickets, _PLAIN))
    yield Row(f"input check of {_PLAIN} characters, processor time", f"{busy:.1f} ms", how=f"mean of {_MAILS[_PLAIN]} mails")
    seconds, busy = _timed(_made(tickets, _LONG))
    yield at_most(
        "input check of 2 kB, p50", _quantile(seconds, 0.5), 15, f"{_MAILS[_LONG]} mails, {busy:.1f} ms of processor time", " ms"
    )
    yield at_most("input check of 2 kB, p95", _quantile(seconds, 0.95), 50, f"{_MAILS[_LONG]} mails", " ms")
    seconds, busy = _timed(_made(tickets, _HUGE))
    yield at_most(
        "input check of 100 kB, slowest", max(seconds), 500, f"{_MAILS[_HUGE]} mails, {busy:.0f} ms of processor time", " ms"
    )


def _made(tickets: Sequence[str], length: int) -> list[str]:
    """Mails of that length: tickets one after the other, each mail other ones, none seen before."""
    dice = random.Random(length)
    made = []
    for _ in range(_MAILS[length]):
        text = ""
        while len(text) < length:
            text += dice.choice(tickets) + "\n\n"
        made.append(text[:length])
    return made


def _timed(mails: Sequence[str]) -> tuple[list[float], float]:
    """Milliseconds of each mail by the clock, and of processor time on average."""
    seconds, before = [], time.process_time()
    for number, mail in enumerate(mails):
        began = time.perf_counter()
        check_input(subject=f"Question {number}", body=mail)
        seconds.append((time.perf_counter() - began) * 1000)
    return seconds, (time.process_time() - before) * 1000 / len(mails)


def _quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))]
