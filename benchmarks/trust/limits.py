"""What limits, alerts and rules of one's own cost and how often alerts are false; needs no evaluation set."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from pydantic import BaseModel

from benchmarks.trust.table import Row, at_most
from triage import alerts
from triage.accounts.rates import Rates
from triage.database import Database, migrate, open_database
from triage.guardrails import own_rules
from triage.guardrails.gate import DeskGate
from triage.intake import flood
from triage.intake.message import Incoming
from triage.llm.protocol import Request, Response, Usage
from triage.settings import Settings, load_settings

_MAIL = (
    "Hello,\n\nmy machine shows E11 since Monday and the pump makes a loud noise. I descaled it twice with ClearCal, as the manual says, and it comes "
    "back after two or three cups. It is eleven months old, bought in your shop in Utrecht. Can you tell me what to do, or do I have to send it in?\n\n"
    "Kind regards,\nRobin"
)
_WEEKS = 15


class _Nothing(BaseModel):
    pass


def measure(_folder: Path) -> Iterator[Row]:
    alarms, looks = _false_alarms()
    yield at_most("false alarms of one hourly figure in 30 days", alarms / looks * 8_640, 0.1, f"{looks:,} looks at steady noise")
    rules = [
        {"name": f"R{n}", "stage": "input", "effect": "flag", "phrases": [f"recall* model {n}", f"serial ?{n}x"]}
        for n in range(20)
    ]
    own_rules.verdicts(_MAIL, rules, "input")
    yield Row("no own rules, on a mail", f"{_ms(lambda: own_rules.verdicts(_MAIL, [], 'input')):.3f} ms", how="processor time")
    yield Row("20 own rules, on a mail", f"{_ms(lambda: own_rules.verdicts(_MAIL, rules, 'input')):.2f} ms", how="processor time")
    with TemporaryDirectory(prefix="triage-") as home:
        settings = load_settings(home=Path(home), _env_file=None, openai_api_key="", openai_base_url="")
        database = open_database(settings)
        migrate(database)
        yield from _counting(database, settings)
        database.close()


def _counting(database: Database, settings: Settings) -> Iterator[Row]:
    mail = Incoming(body=_MAIL, sender_email="robin@customer.example")
    with database.transaction() as session:
        yield Row(
            "flood check of a message",
            f"{_ms(lambda: flood.judged(session, mail, settings)):.2f} ms",
            how="SQLite, processor time",
        )
    rates = Rates(database)
    yield Row("rate of an API key, a call", f"{_ms(lambda: rates.take('key:1', 6_000)):.3f} ms", how="SQLite, processor time")
    busy = asyncio.run(_gated(database, settings))
    yield Row("budgets and breakers of a run with four paid calls", f"{busy:.2f} ms", how="SQLite, processor time")
    yield Row("budgets and breakers of the offline engine's run", "0 ms", how="it passes no gate")


async def _gated(database: Database, settings: Settings, runs: int = 200) -> float:
    request = Request("writer", [{"role": "user", "content": _MAIL}], _Nothing, _Nothing())
    began = time.process_time()
    for _ in range(runs):
        gate = DeskGate(database, settings, "no-such-run")
        for model in ("gpt-5", "gpt-5-mini", "gpt-5-mini", "gpt-5"):
            await gate.before(model, request)
            await gate.after(model, Response(model, usage=Usage(900, 200, 0, 0.002)), None)
        await gate.close()
    return (time.process_time() - began) / runs * 1_000


def _false_alarms() -> tuple[int, int]:
    """Alarms, and looks: a sliding hour every 35 minutes over desks from one event in two hours to 400 an hour, by day and night."""
    dice, alarms, looks = np.random.default_rng(11), 0, 0
    rhythm = np.repeat(1 + 0.8 * np.sin(np.arange(24) / 24 * 2 * np.pi), 12)
    for busy in (0.5, 5.0, 80.0, 400.0):
        slots = dice.poisson(np.tile(rhythm, _WEEKS * 7) * busy / 12)
        hours = slots.reshape(-1, 12).sum(axis=1)
        for at in range(14 * 24 * 12 + 12, len(slots), 7):
            usual = [float(hours[at // 12 - 24 * day - off]) for day in range(1, 15) for off in (-1, 0, 1)]
            alarms += alerts.spike(float(slots[at - 12 : at].sum()), usual, 10.0) is not None
            looks += 1
    return alarms, looks


def _ms(work: object, times: int = 300) -> float:
    assert callable(work)
    work()  # what is built once is not a mail's cost
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times * 1_000
