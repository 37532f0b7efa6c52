"""The whole flow beside a bare loop over the same model calls: `python -m benchmarks.flow`, or `make bench`.

Three contestants work on the same number of tickets against the same model service on loopback: a plain asyncio loop
over the openai client, that loop keeping each answer in SQLite, and the desk with everything on. Each runs in a
process of its own and measures itself after a warm-up; the model service is a process of its own too. The loops
repeat, byte for byte, the requests that the desk made for a first ticket. With `--repeat` the three take turns several
times, and each figure is the median of a contestant's runs: single runs differ by a tenth and more.
"""

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, astuple
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.gauge import Result

TICKETS = 160
PER_PLACE = 10  # tickets for each of those under way at once, at most: the slow rounds need few to tell
LIMIT = 180.0  # seconds for any one contestant
Round = tuple[Result, Result, Result]  # bare, keeping, desk


def main(arguments: list[str] | None = None) -> None:
    """Run all rounds and print the table, or JSON."""
    options = _options(arguments)
    console = Console(stderr=options.json)
    with tempfile.TemporaryDirectory(prefix="triage-bench-") as folder:
        bench = Bench(Path(folder), small=options.quick)
        console.print("Filling a desk and noting down what a first ticket asks the model …")
        bench.prepare()
        rounds: list[Round] = []
        for latency in options.latency:
            with model(latency) as url:
                for at_once in options.concurrency:
                    console.print(f"{latency:.0f} ms, {at_once} at once …")
                    tickets = min(options.tickets, PER_PLACE * at_once)
                    turns = [bench.round(url, latency, at_once, tickets) for _ in range(options.repeat)]
                    bare, keeping, desk = zip(*turns, strict=True)
                    rounds.append((middle(bare), middle(keeping), middle(desk)))
    if options.json:
        print(json.dumps([[asdict(result) | ratios(result, *each[:2]) for result in each] for each in rounds], indent=2))
    else:
        Console(width=max(console.width, 150)).print(table(rounds))


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flow", description="The whole flow beside a bare model loop.")
    parser.add_argument(
        "--tickets",
        type=int,
        default=TICKETS,
        help=f"most tickets of a round (default {TICKETS}; at most {PER_PLACE} times --concurrency)",
    )
    parser.add_argument(
        "--latency", type=float, nargs="+", default=[0.0, 200.0], help="of the model, in milliseconds (default 0 200)"
    )
    parser.add_argument(
        "--concurrency", type=int, nargs="+", default=[1, 8, 32], help="tickets under way at once (default 1 8 32)"
    )
    parser.add_argument("--repeat", type=int, default=1, help="turns of all three, of which medians are taken (default 1)")
    parser.add_argument("--quick", action="store_true", help="one small round on a small knowledge base, to see that it works")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    options = parser.parse_args(arguments)
    if options.quick:
        options.tickets, options.latency, options.concurrency = min(options.tickets, 8), options.latency[:1], [4]
    return options


class Bench:
    """A prepared home folder, copied for each run of the desk."""

    def __init__(self, folder: Path, *, small: bool) -> None:
        self.folder, self.small = folder, small
        self.home, self.requests = folder / "home", folder / "requests.json"

    def prepare(self) -> None:
        _run(["benchmarks.desk", "prepare", str(self.home), str(self.requests), *(["small"] if self.small else [])], self.home)

    def round(self, url: str, latency_ms: float, at_once: int, tickets: int) -> Round:
        """The three contestants in turn; each has the machine to itself but for the model service."""
        scale = [url, str(latency_ms / 1000), str(tickets), str(at_once)]
        with tempfile.TemporaryDirectory(dir=self.folder) as place:
            home = Path(place) / "home"
            shutil.copytree(self.home, home, ignore=shutil.ignore_patterns("models", "*.lock"))
            bare = _run(["benchmarks.bare", str(self.requests), *scale], self.home)
            keeping = _run(["benchmarks.bare", str(self.requests), *scale, f"{place}/answers.db"], self.home)
            return _result(bare), _result(keeping), _result(_run(["benchmarks.desk", "run", str(home), *scale], self.home))


@contextlib.contextmanager
def model(latency_ms: float) -> Iterator[str]:
    """The model service as a process; gives its address."""
    command = [sys.executable, "-m", "tests.loopback", "--port", "0", "--latency-ms", str(latency_ms)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as service:
        try:
            assert service.stdout
            yield service.stdout.readline().split()[-1]
        finally:
            service.kill()


def _run(command: list[str], home: Path) -> str:
    """The last line that a contestant prints. Raises SystemExit with what it said when it fails."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("TRIAGE_", "OPENAI_", "OTEL_"))}
    done = subprocess.run(
        [sys.executable, "-m", *command],
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
        env=clean | {"TRIAGE_HOME": str(home)},
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:2])} failed:\n{done.stderr[-3000:]}{done.stdout[-1000:]}")
    return (done.stdout.strip().splitlines() or [""])[-1]


def _result(line: str) -> Result:
    return Result(**json.loads(line))


def middle(results: Sequence[Result]) -> Result:
    """The median of each figure over several runs of one contestant."""
    figures = zip(*(astuple(result)[1:] for result in results), strict=True)
    return Result(results[0].contestant, *map(statistics.median_high, figures))


def ratios(result: Result, bare: Result, keeping: Result) -> dict[str, float]:
    """Throughput beside the bare loop, processor time per call beside the loop that keeps its answers."""
    return {
        "throughput_ratio": result.tickets_per_second / bare.tickets_per_second,
        "cpu_ratio": result.cpu_ms_per_call / keeping.cpu_ms_per_call,
    }


def table(rounds: list[Round]) -> Table:
    """One block of three lines a round; throughput is held against the bare loop, processor time against the one that keeps answers."""
    shown = Table(title="Tickets from intake to a draft that waits for a person", title_justify="left")
    for name in ("model", "at once", "contestant"):
        shown.add_column(name, justify="left" if name == "contestant" else "right")
    for name in (
        "tickets/s", "× bare", "CPU ms\nper ticket", "CPU ms\nper call", "× SQLite\nloop", "ms beyond\nthe model", "peak MiB",
        "calls per\nticket", "prompt tokens\nper ticket",
    ):  # fmt: skip
        shown.add_column(name, justify="right")
    for bare, keeping, desk in rounds:
        for result in (bare, keeping, desk):
            shown.add_row(
                f"{result.latency_ms:.0f} ms", str(result.at_once), result.contestant, f"{result.tickets_per_second:.1f}",
                f"{result.tickets_per_second / bare.tickets_per_second:.2f}", f"{result.cpu_ms_per_ticket:.1f}",
                f"{result.cpu_ms_per_call:.2f}", f"{result.cpu_ms_per_call / keeping.cpu_ms_per_call:.1f}",
                f"{result.beyond_model_ms:.0f}", f"{result.peak_mib:.0f}", f"{result.calls_per_ticket:.1f}",
                f"{result.prompt_tokens_per_ticket:.0f}", end_section=result is desk,
            )  # fmt: skip
    return shown


if __name__ == "__main__":
    main()
