"""Runs of the offline engine over past tickets, with the steps it would have recorded."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from triage.models import Episode, Run, Ticket

MODEL = "offline"
_INDEX = "The knowledge index was being rebuilt; articles were searched by their words only."

# kind, agent, name, typical seconds
_STEPS = (
    ("model", "manager", MODEL, 0.034),
    ("retrieval", "analyst", "knowledge", 0.021),
    ("retrieval", "analyst", "customer", 0.003),
    ("model", "analyst", MODEL, 0.027),
    ("model", "writer", MODEL, 0.058),
    ("retrieval", "reviewer", "policies", 0.014),
    ("model", "reviewer", MODEL, 0.041),
)
_TOOL = ("tool", "analyst", "order_status", 0.004)


class Agents:
    """Makes runs; their steps are kept as plain rows in `steps`."""

    def __init__(self, add: Callable[..., Any]) -> None:
        self._add = add
        self.steps: list[dict[str, Any]] = []

    def run(
        self,
        dice: random.Random,
        ticket: Ticket,
        episode: Episode,
        moment: datetime,
        cause: str,
        outcome: str,
        error: str | None = None,
    ) -> tuple[Run, datetime]:
        """One finished run that began at `moment`; returns it and when it ended. `error` is that of one tool."""
        run_id = f"{dice.getrandbits(128):032x}"
        clock = moment + timedelta(seconds=dice.uniform(0.05, 0.4))
        steps = list(_STEPS)
        if "LF-" in ticket.subject or error:
            steps.insert(3, _TOOL)
        for ordinal, (kind, role, name, typical) in enumerate(steps):
            seconds = typical * dice.lognormvariate(0, 0.45)
            failed = error if kind == "tool" else None
            if failed:
                seconds += 5.0
            clock += timedelta(seconds=seconds)
            self.steps.append(_step(run_id, ordinal, kind, role, name, seconds, failed, clock, ticket.subject))
        run: Run = self._add(
            Run, {"ticket_id": ticket, "episode_id": episode}, id=run_id, cause=cause, status="ended", model=MODEL, outcome=outcome,
            model_calls=4, started_at=moment, ended_at=clock, degraded=[_INDEX] if dice.random() < 0.02 else [],
        )  # fmt: skip
        return run, clock


def _step(
    run_id: str, ordinal: int, kind: str, role: str, name: str, seconds: float, error: str | None, at: datetime, subject: str
) -> dict[str, Any]:
    usage = {"usage": {"input_tokens": 0, "output_tokens": 0, "cost_usd": 0.0}} if kind == "model" else {}
    return {
        "run_id": run_id,
        "ordinal": ordinal,
        "kind": kind,
        "role": role,
        "name": name,
        "request_hash": "",
        "request": {"subject": subject},
        "response": {} if error else {"note": "The content of steps from before this installation is not kept.", **usage},
        "input_tokens": 0,
        "output_tokens": 0,
        "cost_usd": 0.0,
        "seconds": seconds,
        "error": error,
        "created_at": at,
    }
