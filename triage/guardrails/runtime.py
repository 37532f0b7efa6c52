"""The one place that touches guardrails-ai: silent, synchronous, built once, remembering nothing, failing closed.

The library reports validator names to its maker unless told otherwise. Instead of a file in the user's home or
a switch that would also silence our own traces, its reporter is made switched off and shut down before the first
validator exists.
"""

import asyncio
import os
import threading
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from functools import lru_cache
from queue import SimpleQueue
from typing import Any, Generic, TypeVar

from triage.errors import GuardError
from triage.guardrails.verdicts import Stage, Verdict, failure

Subject = TypeVar("Subject")

GUARD_SECONDS = 5.0
_ALL_SECONDS = 4 * GUARD_SECONDS  # for all checkpoints of a stage


@lru_cache(maxsize=1)
def library() -> Any:
    """The guardrails package, imported on first use (2 s) and made silent."""
    os.environ["GUARDRAILS_RUN_SYNC"] = "true"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import guardrails
        from guardrails.settings import settings
        from guardrails.utils.hub_telemetry_utils import HubTelemetry
    settings.disable_tracing = True  # its spans would carry customers' text
    settings.rc.enable_metrics = False
    reporter = HubTelemetry(enabled=False)
    reporter._tracer_provider.shutdown()
    return guardrails


class _Here(threading.local):
    """Whether this thread is a helper's."""

    helping = False


class _Helpers:
    """Daemon threads that do one thing at a time for a caller who does not wait for ever.

    A thread that is done waits for more; one that hangs is given up. An executor's threads would hold the process
    at its end until the hanging one is done.
    """

    def __init__(self) -> None:
        self._idle: list[SimpleQueue[Callable[[], None]]] = []
        self._here = _Here()

    def do(self, work: Callable[[], None], seconds: float) -> None:
        """Do `work`; returns when it is done, or after `seconds` in any case. A helper's own work it does itself."""
        if self._here.helping:
            work()
            return
        done = threading.Lock()
        done.acquire()
        self._give(work, done.release)
        done.acquire(timeout=seconds)

    async def do_aside(self, work: Callable[[], None], seconds: float) -> None:
        """`do` for an event loop, which goes on meanwhile."""
        loop = asyncio.get_running_loop()
        done = asyncio.Event()
        context = copy_context()  # the clock of tests lives there
        self._give(lambda: context.run(work), lambda: loop.call_soon_threadsafe(done.set))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):  # wait_for would lose a cancellation that comes with the answer
                await done.wait()

    def _give(self, work: Callable[[], None], tell: Callable[[], object]) -> None:
        """Have a helper do `work`, be free for more, and then `tell`."""
        try:
            tasks = self._idle.pop()
        except IndexError:
            tasks = SimpleQueue()
            threading.Thread(target=self._serve, args=(tasks,), name="guard", daemon=True).start()

        def then() -> None:
            work()
            self._idle.append(tasks)
            with suppress(RuntimeError):  # whoever gave up waiting may have closed its event loop
                tell()

        tasks.put(then)

    def _serve(self, tasks: "SimpleQueue[Callable[[], None]]") -> None:
        self._here.helping = True
        while True:
            tasks.get()()


_HELPERS = _Helpers()


async def aside(stage: Stage, look: Callable[[], list[Verdict]]) -> list[Verdict]:
    """What several checkpoints say, which `look` asks, found by one helper while the event loop goes on.

    Never raises; as with a checkpoint, an error or what takes too long is a verdict that blocks.
    """
    said: list[Verdict] = []

    def work() -> None:
        try:
            said.extend(look())
        except Exception as error:  # fail closed: whatever went wrong, a person decides
            said.append(undecided(stage, error))

    await _HELPERS.do_aside(work, _ALL_SECONDS)
    return list(said) or [undecided(stage, _late(_ALL_SECONDS))]


def undecided(stage: Stage, error: Exception) -> Verdict:
    """The verdict of a guard that `error` kept from deciding."""
    return failure(stage, f"A guard could not decide ({type(error).__name__}: {error}); a person has to look.")


def _late(seconds: float) -> GuardError:
    return GuardError(f"no verdict within {seconds:g} s")


@dataclass(frozen=True)
class Check(Generic[Subject]):
    """A rule as code: looks at the subject, answers with a verdict (or None: nothing to say)."""

    rule: str
    look: Callable[[Subject], Verdict | None]


class Checkpoint(Generic[Subject]):
    """Several checks over the same subject, each a guardrails validator.

    The validators are asked directly: a Guard around them costs forty times their own work, keeps inputs, and would
    turn what is not a plain yes or no into a fixed value.
    """

    def __init__(self, stage: Stage, checks: Sequence[Check[Subject]], *, seconds: float = GUARD_SECONDS) -> None:
        self.stage, self.checks, self.seconds = stage, list(checks), seconds
        self._validators: list[Any] = []
        self._building = threading.Lock()

    def run(self, text: str, subject: Subject) -> list[Verdict]:
        """The verdicts of all checks that have something to say, else one that allows.

        Never raises and never waits longer than `seconds`: an error or a check that takes too long is a verdict
        that blocks, with rule "guard_failure".
        """
        try:
            return self._timed(text, subject)
        except Exception as error:  # fail closed: whatever went wrong, a person decides
            return [undecided(self.stage, error)]

    def _timed(self, text: str, subject: Subject) -> list[Verdict]:
        validators = self._built()
        result: list[list[Verdict] | Exception] = []

        def work() -> None:
            try:
                result.append(self._judge(validators, text, subject))
            except Exception as error:  # handed to the waiting caller, which blocks
                result.append(error)

        started = time.monotonic()
        _HELPERS.do(work, self.seconds)
        if not result or time.monotonic() - started > self.seconds:
            raise _late(self.seconds)
        if isinstance(result[0], Exception):
            raise result[0]
        return result[0]

    def _judge(self, validators: list[Any], text: str, subject: Subject) -> list[Verdict]:
        pairs = zip(validators, self.checks, strict=True)  # a check without its validator is an error, not a yes
        results = [validator.validate(text or " ", {"subject": subject}) for validator, _ in pairs]
        said: list[Verdict] = [verdict for result in results if (verdict := result.metadata["verdict"]) is not None]
        raised = [verdict for verdict in said if verdict.verdict != "allow"]
        if sum(result.outcome == "fail" for result in results) != len(raised):
            raise GuardError("the validators' outcomes do not agree with their verdicts")
        return raised or said or [Verdict(self.stage, "all", "allow", why="No rule fired.")]

    def _built(self) -> list[Any]:
        with self._building:
            if not self._validators:
                guardrails = library()
                self._validators = [_validator(guardrails, self.stage, check) for check in self.checks]
            return self._validators


def _validator(guardrails: Any, stage: Stage, check: Check[Any]) -> Any:
    """A guardrails validator around one check."""
    from guardrails.validator_base import ErrorSpan, FailResult, PassResult

    def _validate(self: Any, value: Any, metadata: dict[str, Any]) -> Any:
        verdict = check.look(metadata["subject"])
        if verdict is None or verdict.verdict == "allow":
            return PassResult(metadata={"verdict": verdict})
        spans = [ErrorSpan(start=found.start, end=found.end, reason=found.why) for found in verdict.findings]
        return FailResult(error_message=verdict.why or verdict.rule, error_spans=spans, metadata={"verdict": verdict})

    name = "".join(part.title() for part in f"{stage}_{check.rule}".split("_"))
    made = type(name, (guardrails.Validator,), {"_validate": _validate, "required_metadata_keys": ["subject"]})
    registered = guardrails.register_validator(name=f"triage/{stage}-{check.rule}", data_type="all")(made)
    return registered(on_fail=guardrails.OnFailAction.NOOP)
