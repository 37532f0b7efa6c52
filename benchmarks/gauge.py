"""What one contestant used: measured by itself, in a process of its own, after its warm-up."""

import json
import re
import resource
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Result:
    """Figures of one contestant: seconds of wall clock, milliseconds of processor, mebibytes, counts per ticket."""

    contestant: str
    latency_ms: float
    at_once: int
    tickets: int
    tickets_per_second: float
    cpu_ms_per_ticket: float
    cpu_ms_per_call: float
    beyond_model_ms: float
    peak_mib: float
    calls_per_ticket: float
    prompt_tokens_per_ticket: float


class Gauge:
    """Begins with what is to be measured; `result` ends it."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        self._wall_end = 0.0

    def stop_clock(self) -> None:
        """The last ticket is done; what is still written afterwards counts as processor time only."""
        self._wall_end = time.perf_counter()

    def result(
        self, contestant: str, latency: float, at_once: int, seconds: list[float], calls: int, prompt_tokens: int
    ) -> Result:
        """`latency` of the model and `seconds` that each ticket took, both in seconds; `calls` and `prompt_tokens` of all tickets."""
        cpu_ms = (time.process_time() - self._cpu) * 1000
        tickets = len(seconds)
        beyond = statistics.fmean(seconds) - latency * calls / tickets
        return Result(
            contestant, latency * 1000, at_once, tickets, tickets / (self._wall_end - self._wall), cpu_ms / tickets, cpu_ms / calls,
            beyond * 1000, peak_mib(), calls / tickets, prompt_tokens / tickets,
        )  # fmt: skip


def peak_mib() -> float:
    """The largest resident set of this process so far."""
    status = Path("/proc/self/status")
    if status.exists() and (line := re.search(r"VmHWM:\s+(\d+) kB", status.read_text())):
        return int(line.group(1)) / 1024
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / (1 << 20) if sys.platform == "darwin" else used / 1024


def report(result: Result) -> None:
    """Hand the figures to the process that started this one."""
    print(json.dumps(asdict(result)), flush=True)
