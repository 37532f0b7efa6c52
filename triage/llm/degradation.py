"""The named steps down from a full crew, and the sentences that tell of them; nothing else words or reads these."""

import re
from collections.abc import Iterable
from enum import StrEnum


class Step(StrEnum):
    """How a run was done, from best to last; the order counts."""

    FULL = "full_crew"
    CHEAPER = "cheaper_model"
    OFFLINE = "offline_engine"
    PERSON = "person"


TITLES: dict[Step, str] = {
    Step.FULL: "no step down",
    Step.CHEAPER: "cheaper model",
    Step.OFFLINE: "offline engine",
    Step.PERSON: "a person",
}
_ORDER = list(Step)
_ENDS: dict[Step, re.Pattern[str]] = {
    Step.PERSON: re.compile(r"; a person takes over\.?$"),
    Step.OFFLINE: re.compile(r"; offline engine used\.?$"),
    Step.CHEAPER: re.compile(r"; cheaper model \S+ used\.?$"),
}


def to_model(failed: str, model: str, *, offline: bool) -> str:
    """`failed` says which model failed how; `model` answers in its place."""
    return f"{failed}; {TITLES[Step.OFFLINE]} used" if offline else f"{failed}; {TITLES[Step.CHEAPER]} {model} used"


def to_person(failed: str) -> str:
    """No model is left, or none may be asked: people do the work."""
    return f"{failed.rstrip('.')}; {TITLES[Step.PERSON]} takes over"


def step_of(sentences: Iterable[str]) -> Step:
    """The last step that a run's sentences tell of; other sentences (such as of the ranker) are no steps."""
    found = [step for sentence in sentences for step, end in _ENDS.items() if end.search(sentence)]
    return max(found, key=_ORDER.index, default=Step.FULL)
