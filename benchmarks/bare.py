"""The yardstick: the same model calls by the openai client in a plain asyncio loop, with and without keeping the answers.

python -m benchmarks.bare REQUESTS.json BASE_URL LATENCY_SECONDS TICKETS AT_ONCE [DATABASE]
"""

import asyncio
import json
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

import openai

from benchmarks.gauge import Gauge, Result, report

Call = dict[str, Any]


class Loop:
    """Works on tickets, each a row of calls one after the other. With a `database`, each answer is one commit."""

    def __init__(self, client: openai.AsyncOpenAI, calls: list[Call], database: Path | None) -> None:
        self.client, self.calls = client, calls
        self.made, self.prompt_tokens = 0, 0
        self._store = _store(database) if database else None

    async def ticket(self, number: int) -> float:
        """Seconds that one ticket took."""
        started = time.perf_counter()
        for step, call in enumerate(self.calls):
            completion = await self.client.chat.completions.create(**call)
            content = completion.choices[0].message.content or ""
            json.loads(content)
            used = completion.usage.prompt_tokens if completion.usage else 0
            self.made, self.prompt_tokens = self.made + 1, self.prompt_tokens + used
            if self._store:
                self._store.execute("INSERT INTO answer VALUES (?, ?, ?, ?)", (number, step, content, used))
        return time.perf_counter() - started

    async def tickets(self, count: int, at_once: int) -> list[float]:
        """`count` tickets, the next one begun as soon as one of `at_once` is done."""
        waiting = iter(range(count))
        seconds: list[float] = []

        async def worker() -> None:
            for number in waiting:
                seconds.append(await self.ticket(number))

        await asyncio.gather(*(worker() for _ in range(at_once)))
        return seconds


def _store(database: Path) -> sqlite3.Connection:
    store = sqlite3.connect(database, isolation_level=None)  # every statement commits
    store.execute("PRAGMA journal_mode=WAL")
    store.execute("PRAGMA synchronous=NORMAL")
    store.execute("CREATE TABLE IF NOT EXISTS answer (ticket INTEGER, step INTEGER, content TEXT, prompt_tokens INTEGER)")
    return store


async def run(calls: list[Call], base_url: str, latency: float, tickets: int, at_once: int, database: Path | None) -> Result:
    transport = openai.DefaultAsyncHttpxClient(trust_env=False)
    async with openai.AsyncOpenAI(api_key="none", base_url=base_url, http_client=transport) as client:
        await Loop(client, calls, database).tickets(at_once, at_once)  # warm-up: imports, connections
        loop, gauge = Loop(client, calls, database), Gauge()
        seconds = await loop.tickets(tickets, at_once)
        gauge.stop_clock()
        name = "bare loop + SQLite" if database else "bare loop"
        return gauge.result(name, latency, at_once, seconds, loop.made, loop.prompt_tokens)


if __name__ == "__main__":
    given, url, latency, tickets, at_once, *database = sys.argv[1:]
    calls, store = json.loads(Path(given).read_text()), Path(database[0]) if database else None
    report(asyncio.run(run(calls, url, float(latency), int(tickets), int(at_once), store)))
