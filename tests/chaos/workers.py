"""Workers that can be killed: a process that has everything imported forks them, so that a start costs little.

A forked worker is `triage worker` itself: it opens the desk, takes work and ends only by a signal. The process
reads the name of a log file from stdin, forks a worker that writes there, prints its pid, and prints how it ended.
"""

import os
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).parents[2]
READY = "Working;"


class Workers:
    """The forking process as tests hold it; one worker at a time."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRIAGE_", "OPENAI_"))}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.workers"],
            cwd=ROOT, env={**kept, **environment, "PYTHONUNBUFFERED": "1"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.folder, self.pid, self.started = folder, 0, 0
        assert self._read() == "imported"

    def start(self) -> None:
        """Fork a worker; `wait_ready` says when it works."""
        self.started += 1
        self._write(str(self.log))
        self.pid = int(self._read())

    @property
    def log(self) -> Path:
        return self.folder / f"worker-{self.started}.log"

    def is_ready(self) -> bool:
        return self.log.exists() and READY in self.log.read_text(errors="replace")

    def wait_ready(self, seconds: float = 120.0) -> None:
        end = time.monotonic() + seconds
        while not self.is_ready():
            text = self.log.read_text(errors="replace") if self.log.exists() else ""
            assert "Traceback" not in text and time.monotonic() < end, f"worker {self.started} did not start:\n{text}"
            time.sleep(0.02)

    def kill(self) -> None:
        """SIGKILL, and wait until the process is gone."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM: the worker closes what it holds."""
        self._end(signal.SIGTERM)

    def close(self) -> None:
        if self.pid:
            self.kill()
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def _end(self, number: int) -> None:
        os.kill(self.pid, number)
        ended = self._read()
        assert ended == f"gone {number if number == signal.SIGKILL else 0}", f"{ended}\n{self.log.read_text(errors='replace')}"
        self.pid = 0

    def _write(self, line: str) -> None:
        assert self._process.stdin
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _read(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


def _serve() -> None:
    import aiosmtplib
    import chromadb
    import dbos
    import openai
    import tokenizers

    from triage import chores, delivery, desk, running
    from triage.guardrails.runtime import library

    library()
    assert all((aiosmtplib, chromadb, dbos, openai, tokenizers, chores, delivery, desk, running))
    print("imported", flush=True)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _work(line.strip())
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        print(f"gone {abs(code)}", flush=True)


def _work(log: str) -> None:
    """The forked process: never returns."""
    file = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    from triage import durable
    from triage.cli.serve import worker

    durable._TAKEOVER_SECONDS = 0.5  # how often a worker looks for work of dead ones; a test is not patient
    code = 0
    try:
        worker()
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve()
