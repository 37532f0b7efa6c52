"""The benchmark runs and says what it promises; no figure is held to a time."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import flow
from benchmarks.gauge import Result

ROOT = Path(__file__).parent.parent
COLUMNS = ("tickets/s", "× bare", "CPU ms", "× SQLite", "ms beyond", "peak MiB", "calls per", "prompt tokens")


@pytest.mark.slow
def test_a_quick_round_gives_every_figure_of_every_contestant() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.flow", "--quick", "--tickets", "4", "--json"],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    (contestants,) = json.loads(done.stdout)
    assert [each["contestant"] for each in contestants] == ["bare loop", "bare loop + SQLite", "Triage Desk"]
    assert all(
        each[name] > 0 for each in contestants for name in ("tickets_per_second", "cpu_ms_per_call", "peak_mib", "cpu_ratio")
    )
    assert {each["calls_per_ticket"] for each in contestants} == {4.0}


def test_the_table_shows_all_columns(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    names = ("bare loop", "bare loop + SQLite", "Triage Desk")
    bare, keeping, desk = (
        Result(name, 200.0, 32, 320, 20.0, 10.0 * n, 2.5 * n, 30.0, 90.0, 4.0, 5000.0) for n, name in enumerate(names, 1)
    )
    Console(width=160).print(flow.table([(bare, keeping, desk)]))
    shown = capsys.readouterr().out
    assert all(column in shown for column in COLUMNS) and all(name in shown for name in names)
    assert "1.5" in shown  # the desk's processor time per call beside the loop that keeps its answers


def test_of_several_turns_each_figure_is_the_median() -> None:
    turns = [
        Result("bare loop", 200.0, 32, 320, rate, cpu, cpu / 4, 30.0, 90.0, 4.0, 5000.0)
        for rate, cpu in ((36, 8), (30, 7), (35, 12))
    ]
    middle = flow.middle(turns)
    assert (middle.contestant, middle.tickets, middle.tickets_per_second, middle.cpu_ms_per_ticket) == ("bare loop", 320, 35, 8)
