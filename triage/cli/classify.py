"""`triage classify`: which class each text of a file belongs to, learnt from a file of labelled examples."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from knowledge_base.classifier import MOST, Classifier, Guess
from knowledge_base.embedding import embedder
from triage.cli import lines
from triage.errors import InputError

_LONGEST = 4_000  # characters of a text that are read: the matter stands at its beginning
_AT_ONCE = 512


def classify(
    examples: Annotated[Path, typer.Option(help="JSONL of text, label: what to learn from.")],
    input: Annotated[Path, typer.Option("--input", help="JSONL of id, text: what to sort.")],
    out: Annotated[Path | None, typer.Option(help="JSONL to write; default: stdout.")] = None,
) -> None:
    """Sort texts into the classes of labelled examples, with how sure that is; what fits none is marked as abstained."""
    known = _examples(examples)
    rows = lines.read(input)
    texts = [text for text, _ in known]
    classifier = Classifier.fit(texts, [label for _, label in known], embedder().encode(texts))
    with lines.writer(out) as writer:
        for batch in _batches(rows):
            for line in _sorted(classifier, batch):
                writer.write(line)


def _examples(path: Path) -> list[tuple[str, str]]:
    """Texts with their labels, each pair once; of too many, as many of each label as there is room for."""
    found: dict[tuple[str, str], None] = {}
    for number, line in lines.read(path):
        if isinstance(line, InputError):
            raise line
        label = line.get("label")
        if not isinstance(label, str | int) or not str(label).strip():
            raise InputError("label is missing; write what the text is an example of.", source=path.name, line=number)
        found[_text(line, path.name, number), str(label)] = None
    if not found:
        raise InputError("there are no examples; write lines with text and label.", source=path.name)
    return _fewer(list(found))


def _fewer(examples: list[tuple[str, str]]) -> list[tuple[str, str]]:
    if len(examples) <= MOST:
        return examples
    rank, seen = [], dict[str, int]()
    for _, label in examples:
        rank.append(seen.setdefault(label, 0))
        seen[label] += 1
    kept = sorted(sorted(range(len(examples)), key=lambda n: (rank[n], n))[:MOST])
    return [examples[n] for n in kept]


def _text(line: dict[str, Any], source: str, number: int) -> str:
    """A string, or subject and body as one."""
    value = line.get("text")
    if isinstance(value, dict):
        value = "\n".join(str(part) for part in (value.get("subject"), value.get("body")) if part)
    if not isinstance(value, str) or not value.strip():
        raise InputError("text is missing; write a text, or an object with subject and body.", source=source, line=number)
    return value[:_LONGEST]


def _batches(rows: Iterator[tuple[int, dict[str, Any] | InputError]]) -> Iterator[list[tuple[int, dict[str, Any] | InputError]]]:
    batch: list[tuple[int, dict[str, Any] | InputError]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _AT_ONCE:
            yield batch
            batch = []
    if batch:
        yield batch


def _sorted(classifier: Classifier, batch: list[tuple[int, dict[str, Any] | InputError]]) -> Iterator[dict[str, Any]]:
    """A line for every input, in order; one that cannot be read says why."""
    texts: dict[int, str] = {}
    problems: dict[int, str] = {}
    for place, (number, line) in enumerate(batch):
        try:
            if isinstance(line, InputError):
                raise line
            texts[place] = _text(line, "", number)
        except InputError as error:
            problems[place] = str(error)
    said = list(texts.values())
    guesses = dict(zip(texts, classifier.classify(said, embedder().encode(said)), strict=True)) if said else {}
    for place, (_, line) in enumerate(batch):
        own = None if isinstance(line, InputError) else line.get("id")
        yield {"id": own, **_found(guesses[place])} if place in guesses else {"id": own, **_NOTHING, "error": problems[place]}


_NOTHING: dict[str, Any] = {"label": None, "confidence": 0.0, "abstain": True, "ranking": []}


def _found(guess: Guess) -> dict[str, Any]:
    ranking = [{"label": label, "confidence": chance} for label, chance in guess.ranking]
    return {"label": guess.label, "confidence": guess.confidence, "abstain": guess.abstain, "ranking": ranking}
