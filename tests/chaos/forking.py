"""The process that has everything imported and forks workers, so that a start costs little.

It reads commands from stdin, a line each: `start LOG` forks a worker that writes to that file, `kill` and `stop` end it.
It answers each with a line: `started`, or `gone N` with the signal or exit code. Only this process sends signals, and
only to a child that it has not waited for, so that no other process can be hit; and when its stdin closes, because
whoever started it is gone, it takes its worker along.
"""

import faulthandler
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from typing import NoReturn

PATIENCE = 60.0  # seconds until a worker that was asked to end has to say where it stays
_ENDS = {"kill": signal.SIGKILL, "stop": signal.SIGTERM}


def serve(work: Callable[[], None], patience: float = PATIENCE) -> None:
    """Fork a process that does `work` whenever told to, one at a time, until stdin ends."""
    child = 0
    for line in sys.stdin:
        command, _, log = line.strip().partition(" ")
        if command == "start":
            child = os.fork()
            if child == 0:
                _work(work, log)
            print("started", flush=True)
        else:
            assert child, f"asked to {command}, but no worker runs"  # a signal to 0 hits the whole group
            os.kill(child, _ENDS[command])
            print(f"gone {_ended(child, patience)}", flush=True)
            child = 0
    if child:
        os.kill(child, signal.SIGKILL)


def _ended(child: int, patience: float) -> int:
    """How the child ended; one that does not end in time writes where its threads are into its log, and is killed."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        gone, status = os.waitpid(child, os.WNOHANG)
        if gone:
            return abs(os.waitstatus_to_exitcode(status))
        time.sleep(0.005)
    os.kill(child, signal.SIGUSR1)
    time.sleep(1)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return signal.SIGKILL


def _work(work: Callable[[], None], log: str) -> NoReturn:
    """The forked process: never returns."""
    file = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    faulthandler.register(signal.SIGUSR1, file=file)
    code = 0
    try:
        work()
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    os._exit(code)


def worker() -> None:
    """`triage worker` itself: it opens the desk, takes work and ends only by a signal."""
    from triage import durable
    from triage.cli import serve

    durable._LOOK_SECONDS = 0.2  # how often a worker looks for work of dead ones; a test is not patient
    serve.worker()


if __name__ == "__main__":
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
    serve(worker)
