"""Workers that can be killed, as tests hold them; tests/chaos/forking.py starts and ends them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.chaos.forking import PATIENCE

ROOT = Path(__file__).parents[2]
READY = "Working;"
FORKING = ("-m", "tests.chaos.forking")


class Workers:
    """One worker at a time, forked by a process of its own session that ends with the test."""

    def __init__(self, environment: Mapping[str, str], folder: Path, forking: Sequence[str] = FORKING) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRIAGE_", "OPENAI_"))}
        self._process = subprocess.Popen(
            [sys.executable, *forking], cwd=ROOT, env={**kept, **environment, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip
        self.folder, self.started = folder, 0
        assert self._read() == "imported"

    def start(self) -> None:
        """Fork a worker; `wait_ready` says when it works."""
        self.started += 1
        assert self._ask(f"start {self.log}") == "started"

    @property
    def log(self) -> Path:
        return self.folder / f"worker-{self.started}.log"

    def is_ready(self) -> bool:
        return READY in self.told()

    def told(self) -> str:
        """What the worker wrote so far."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def wait_ready(self, seconds: float = 120.0) -> None:
        end = time.monotonic() + seconds
        while not self.is_ready():
            text = self.told()
            assert "Traceback" not in text and time.monotonic() < end, f"worker {self.started} did not start:\n{text}"
            time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL, and wait until the process is gone."""
        self._end("kill", signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM: the worker closes what it holds."""
        self._end("stop", 0)

    def close(self) -> None:
        """End the forking process, which takes along a worker that still runs."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(PATIENCE)
        self._process.stdout.close()

    def _end(self, command: str, expected: int) -> None:
        ended = self._ask(command)
        assert ended == f"gone {expected}", f"worker {self.started} was asked to {command}: {ended or 'no answer'}\n{self.told()}"

    def _ask(self, line: str) -> str:
        assert self._process.stdin
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._read()

    def _read(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()
