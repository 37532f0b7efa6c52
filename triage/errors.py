"""Every error the desk raises on purpose; each message says what happened and what to do.

TriageError
├── SettingsError          a setting is missing or cannot be used
│   └── EmbedderUnavailable  the embedding model is missing or damaged; searches go by words
├── InputError             a file, a line or a field cannot be used; nothing was changed
│   └── Unsupported        a sentence has no source and nobody took responsibility for it
├── AccessError            this person may not do this
│   └── SignedOut          the session ended; sign in again
├── ConflictError          the world moved on since the page was drawn
│   ├── TransitionError    the ticket's status does not allow this step
│   ├── AlreadyDecided     somebody decided this draft first
│   └── ApprovalVoid       what was approved is not what would be sent
├── ModelError             a model call ended without a usable answer
│   ├── ModelDown          no answer: time-out, dropped connection, 429 or 5xx after retries
│   ├── ModelRefused       the service refused the request (4xx) or the model declined
│   ├── BadAnswer          an answer that is not of the asked type, also after one repair
│   ├── TurnLimit          the loop used up its turns or tokens
│   ├── BudgetExceeded     a cap of tokens or money is reached
│   └── BreakerOpen        the model failed too often lately and is not asked for now
├── ToolError              a tool call that cannot be answered; told to the model as data
│   └── ToolDown           the service behind the tool did not answer: time-out, dropped connection, 429 or 5xx
├── GuardError             a guard could not decide; treated as a block
├── IndexUnavailable       the search index is missing, broken or owned by another process
├── DeliveryError          a message was not handed over, surely
│   └── DeliveryUncertain  a message may or may not have been handed over; a person decides
└── Divergence             a replay met something other than what was recorded
"""

import difflib


class TriageError(Exception):
    """Base of all errors raised on purpose."""


class SettingsError(TriageError):
    """A setting is missing or cannot be used."""


class EmbedderUnavailable(SettingsError):
    """The embedding model is missing or damaged: searches go by words, and passages wait for their vectors."""


class InputError(TriageError):
    """Input from outside cannot be used: says where, what is wrong and what to do."""

    def __init__(self, problem: str, *, source: str = "", line: int | None = None) -> None:
        where = f"{source}:{line}: " if source and line else f"{source}: " if source else ""
        super().__init__(f"{where}{problem}")
        self.source, self.line, self.problem = source, line, problem


class Unsupported(InputError):
    """A sentence of the text to be sent has no source, and nobody took responsibility for it."""


class AccessError(TriageError):
    """This person may not do this."""


class SignedOut(AccessError):
    """The session ended."""


class ConflictError(TriageError):
    """The world moved on since the page was drawn."""


class TransitionError(ConflictError):
    """The ticket's status does not allow this step."""


class AlreadyDecided(ConflictError):
    """Somebody decided this draft first."""


class ApprovalVoid(ConflictError):
    """What was approved is not what would be sent: says what changed."""

    def __init__(self, changes: list[str]) -> None:
        super().__init__("Not sent, because something changed since you read the draft: " + "; ".join(changes))
        self.changes = changes


class ModelError(TriageError):
    """A model call ended without a usable answer."""


class ModelDown(ModelError):
    """No answer came: time-out, dropped connection, 429 or 5xx after retries."""


class ModelRefused(ModelError):
    """The service refused the request or the model declined."""


class BadAnswer(ModelError):
    """The answer is not of the asked type, also after one repair."""


class TurnLimit(ModelError):
    """The loop used up its turns or tokens."""


class BudgetExceeded(ModelError):
    """A cap of tokens or money is reached; `limit` is the setting's name, empty when read back from a recorded run."""

    def __init__(self, said: str, *, limit: str = "") -> None:
        super().__init__(said)
        self.limit = limit


class BreakerOpen(ModelError):
    """The model failed too often lately and is not asked for now."""


class ToolError(TriageError):
    """A tool call that cannot be answered; told to the model as data."""


class ToolDown(ToolError):
    """The service behind a tool did not answer."""


class GuardError(TriageError):
    """A guard could not decide; treated as a block."""


class IndexUnavailable(TriageError):
    """The search index is missing, broken or owned by another process."""


class DeliveryError(TriageError):
    """A message was not handed over, surely."""


class DeliveryUncertain(DeliveryError):
    """A message may or may not have been handed over."""


class Divergence(TriageError):
    """A replay met something other than what was recorded.

    `step` counts from 0 (the message from 1, as screens do); `field` is the path of the first value that differs.
    """

    def __init__(self, step: int, field: str, recorded: object, now: object, *, what: str = "") -> None:
        of = f" ({what})" if what else ""
        super().__init__(f"Replay differs at step {step + 1}{of}, {field}:\n{short_difference(recorded, now)}")
        self.step, self.field, self.recorded, self.now, self.what = step, field, recorded, now, what


_SHOWN = 160  # characters of a value, or of a line
_LINES = 12


def short_difference(recorded: object, now: object) -> str:
    """Both values: of longer texts only the lines that differ, the recorded ones after `-`, those of now after `+`."""
    texts = [value if isinstance(value, str) else repr(value) for value in (recorded, now)]
    if not any("\n" in text or len(text) > _SHOWN for text in texts):
        return f"- {texts[0]}\n+ {texts[1]}"
    lines = [
        line
        for line in difflib.unified_diff(texts[0].splitlines(), texts[1].splitlines(), n=0, lineterm="")
        if not line.startswith(("---", "+++", "@@"))
    ]
    shown = [_around(line, *_first_change(lines)) for line in lines[:_LINES]]
    more = [f"… and {len(lines) - _LINES} more lines"] if len(lines) > _LINES else []
    return "\n".join([*shown, *more])


def _first_change(lines: list[str]) -> tuple[int, ...]:
    """Where the first removed and the first added line part, so that a long line is shown there."""
    removed = next((line[1:] for line in lines if line.startswith("-")), "")
    added = next((line[1:] for line in lines if line.startswith("+")), "")
    return (next((at for at, (a, b) in enumerate(zip(removed, added, strict=False)) if a != b), 0),)


def _around(line: str, at: int) -> str:
    if len(line) <= _SHOWN:
        return line
    start = max(0, at - _SHOWN // 3)
    return f"{line[0]} {'…' if start else ''}{line[1 + start : 1 + start + _SHOWN]}…"
