"""The workers of the chaos tests harm nobody else: they end with whoever started them, and only they are ever killed."""

import contextlib
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.chaos.workers import ROOT, Workers

SLEEPS = """
import os, signal, time
from tests.chaos.forking import serve
def work():
    {before}
    print("Working;", os.getpid(), flush=True)
    time.sleep(600)
print("imported", flush=True)
serve(work, patience=1)
"""
STARTS = """
import os, sys
from pathlib import Path
from tests.chaos.workers import Workers
workers = Workers({}, Path(sys.argv[1]), ("-c", sys.argv[2]))
workers.start()
workers.wait_ready()
os._exit(1)
"""


def _pid(workers_log: str) -> int:
    return int(workers_log.split("Working;")[1].split()[0])


def _wait_gone(pid: int) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(20)


def test_a_worker_is_gone_when_the_process_that_started_it_dies(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", STARTS, str(tmp_path), SLEEPS.format(before="pass")], cwd=ROOT, timeout=60)
    assert done.returncode == 1
    _wait_gone(_pid((tmp_path / "worker-1.log").read_text()))


def test_a_worker_that_does_not_end_is_killed_and_tells_where_it_stays(tmp_path: Path) -> None:
    deaf = SLEEPS.format(before="signal.signal(signal.SIGTERM, signal.SIG_IGN)")
    workers = Workers({}, tmp_path, ("-c", deaf))
    try:
        workers.start()
        workers.wait_ready()
        with pytest.raises(AssertionError, match=r"asked to stop: gone 9(.|\n)*most recent call first(.|\n)*in work"):
            workers.stop()
        _wait_gone(_pid(workers.told()))
    finally:
        workers.close()


def test_a_worker_that_ended_by_itself_can_still_be_killed_and_nobody_else_is(tmp_path: Path) -> None:
    workers = Workers({}, tmp_path, ("-c", SLEEPS.format(before='print("Working; 0", flush=True); raise SystemExit(3)')))
    try:
        workers.start()
        workers.wait_ready()
        time.sleep(0.2)
        with pytest.raises(AssertionError, match="asked to kill: gone 1"):
            workers.kill()
        with pytest.raises(AssertionError, match="asked to kill: no answer"):
            workers.kill()
    finally:
        workers.close()
