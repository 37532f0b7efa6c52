"""The desk as it is, with a clock around each run of a screen: `python -m benchmarks.review_desk.served run app.py …`.

A run is what Streamlit does on the server for one event, redraws that the screen asks for included. Each leaves a line
in the file that BENCH_RUNS names: when it ended, its seconds, of these on a processor and in want of one, whether it was a part of the page only.
"""

import triage.quiet  # noqa: F401  (first, so that no library calls home)

import json  # isort: skip
import os
import sys
import time
from pathlib import Path
from threading import Lock
from typing import Any

from streamlit.runtime.scriptrunner.script_runner import ScriptRunner
from streamlit.web.cli import main

_LOCK = Lock()


def waited() -> float:
    """Seconds in which this thread could have run and every processor was taken, by whatever runs on the machine."""
    told = Path("/proc/thread-self/schedstat")
    return int(told.read_text().split()[1]) / 1e9 if told.exists() else 0.0


def clock(path: Path) -> None:
    """Put the clock around every run."""
    original: Any = ScriptRunner._run_script

    def timed(self: Any, rerun_data: Any) -> None:
        began, cpu, queued = time.perf_counter(), time.thread_time(), waited()
        try:
            original(self, rerun_data)
        finally:
            line = {
                "at": time.time(), "seconds": time.perf_counter() - began, "cpu": time.thread_time() - cpu, "queued": waited() - queued,
                "part": bool(rerun_data.fragment_id_queue), "auto": bool(rerun_data.is_auto_rerun) if hasattr(rerun_data, "is_auto_rerun") else False,
                "session": self._session_id,
            }  # fmt: skip
            with _LOCK, path.open("a") as log:
                log.write(json.dumps(line) + "\n")

    ScriptRunner._run_script = timed  # type: ignore[method-assign]


if __name__ == "__main__":
    clock(Path(os.environ["BENCH_RUNS"]))
    sys.argv[0] = "streamlit"
    main()
