"""Questions that the desk understands by itself: a measure, what to split it by, which cases and which time.

Nothing is guessed in silence: words that were not understood are named beside the query, and a question with more of them
than of understood ones gets no query but the nearest questions that have one.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from rapidfuzz import fuzz, process

from triage.asking import periods
from triage.asking.measures import DIMENSIONS, MEASURES, NOUNS, Measure
from triage.asking.periods import Period
from triage.asking.vocabulary import COMMON, FILLERS, SPLIT, TIMES, VALUES, WORD
from triage.briefs import AskBrief, Query
from triage.database.reporting import VIEWS

EXAMPLES: tuple[str, ...] = tuple(example for measure in MEASURES for example in measure.examples)


@dataclass
class Understood:
    """What was read out of a question; `spans` are the places that said something."""

    measure: Measure
    period: Period
    splits: list[tuple[str, str]] = field(default_factory=list)  # (column, its name in words)
    wheres: dict[str, str] = field(default_factory=dict)
    most: int = 0
    missing: list[str] = field(default_factory=list)  # what it cannot be split by
    unread: list[str] = field(default_factory=list)


def fold(text: str) -> str:
    """Lower case, without accents."""
    return "".join(letter for letter in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(letter))


def answer(brief: AskBrief) -> Query:
    """The query for a known question; without SQL, and with the reason, for any other."""
    found = understood(brief)
    if found is None:
        near = " · ".join(f"“{example}”" for example in nearest(brief.question))
        return Query(sql="", said=f"This question is not among those the desk knows by itself. Near to it: {near}", metrics=[])
    return Query(sql=written(found), said=_said(found), metrics=list(found.measure.metrics))


def nearest(question: str, count: int = 3) -> list[str]:
    """The known questions that sound most like it."""
    found = process.extract(fold(question), EXAMPLES, scorer=fuzz.token_set_ratio, processor=fold, limit=count)
    return [str(example) for example, *_ in found]


def measure_of(question: str) -> Measure | None:
    """What a question counts, by its words: the measure that explains most of them."""
    text = fold(question)
    fitting = [m for m in MEASURES if all(re.search(rf"(?:{words})", text) for words in m.words)]
    return max(fitting, key=lambda m: (len(m.words), m.special), default=None)


def understood(brief: AskBrief) -> Understood | None:
    """What the question asks for; None when too little of it is known."""
    text = fold(" ".join(brief.question.split()))
    period = periods.named(text, date.fromisoformat(brief.today))
    rest = _blank(text, period.start, period.end)
    measure = measure_of(rest)
    if measure is None:
        return None
    found = Understood(measure, period)
    columns = {column.name for column in VIEWS[measure.view].columns}
    left = rest
    for words in measure.words:
        left = _without(left, words)
    left = _read_values(found, brief, rest, left, columns)
    left = _read_splits(found, rest, left, columns)
    if top := re.search(r"\b(?:top|first|the) (\d{1,3})\b|\b(\d{1,3}) (?:most|slowest|oldest|largest|highest|worst)\b", rest):
        found.most = max(1, int(top[1] or top[2]))
        left = _blank(left, top.start(), top.end())
    left = _without(left, NOUNS)
    known = len(_words(text)) - len(_words(left))
    found.unread = list(dict.fromkeys(_words(left)))
    return found if len(found.unread) <= max(1, known) else None


def _read_values(found: Understood, brief: AskBrief, text: str, left: str, columns: set[str]) -> str:
    """Which cases: languages, channels, moods, categories and colleagues that the question names."""
    named = [*VALUES, *_categories(brief.categories), *_people(brief.people)]
    for pattern, column, value in named:
        if column in columns and column not in found.wheres and (match := re.search(pattern, text)):
            found.wheres[column] = value
            left = _blank(left, match.start(), match.end())
    return left


def _categories(categories: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """A category is named by its title, or by a word that stands in no other one."""
    words = {slug: set(WORD.findall(fold(f"{slug.replace('_', ' ')} {title}"))) - COMMON for slug, title in categories.items()}
    for slug, title in categories.items():
        yield rf"\b{re.escape(fold(title))}\b", "category", slug
    for slug, own in words.items():
        others = set().union(*(found for other, found in words.items() if other != slug))
        if distinct := sorted(word for word in own - others if len(word) > 3 and not re.fullmatch(NOUNS, word)):
            yield rf"\b(?:{'|'.join(re.escape(word) + 's?' for word in distinct)})\b", "category", slug


def _people(people: list[str]) -> Iterator[tuple[str, str, str]]:
    firsts = [fold(name).split()[0] for name in people if name.strip()]
    for name in people:
        if folded := fold(name).split():
            short = rf"|{re.escape(folded[0])}" if firsts.count(folded[0]) == 1 else ""
            yield rf"\b(?:{re.escape(' '.join(folded))}{short})(?:['’]s)?\b", "person", name


def _read_splits(found: Understood, text: str, left: str, columns: set[str]) -> str:
    clock = found.measure.clock
    for pattern, unit in TIMES:
        if (match := re.search(pattern, text)) and clock:
            chosen = unit or ("day" if found.period.days <= 45 else "week" if found.period.days <= 400 else "month")
            if f"{clock}_{chosen}" in columns:
                found.splits.append((f"{clock}_{chosen}", chosen))
                left = _blank(left, match.start(), match.end())
                break
    for dimension in DIMENSIONS:
        match = re.search(rf"(?:{SPLIT}|\bby (?:\w+ ){{1,3}}and )(?:{dimension.words})\b", text) or (
            re.search(r"^who\b", text) if "who" in dimension.words else None
        )
        if not match:
            continue
        left = _blank(left, match.start(), match.end())
        column = dimension.columns.get(found.measure.view)
        word = match[0].split()[-1]
        if column is None:
            found.missing.append(word)
        elif len(found.splits) < 2 and column not in found.wheres and column not in dict(found.splits):
            found.splits.append((column, column.replace("_", " ")))
    if not found.splits and found.measure.by:
        found.splits.append((found.measure.by, found.measure.by.replace("_", " ")))
    return left


# ---- written as SQL ---------------------------------------------------------------------------------------


def written(found: Understood) -> str:
    """The query, as a person would write it."""
    measure, split = found.measure, [column for column, _ in found.splits]
    wheres = [measure.where] if measure.where else []
    if measure.clock and found.period.first and found.period.last:
        day = f"{measure.clock}_day"
        wheres += [f"{day} >= '{found.period.first}'", f"{day} <= '{found.period.last}'"]
    wheres += [f"{column} = '{_quoted(value)}'" for column, value in found.wheres.items()]
    if measure.lists:
        return _joined(measure.select, measure.view, wheres, f"ORDER BY {measure.lists}", f"LIMIT {found.most or 20}")
    wheres += [f"{column} IS NOT NULL" for column in split if column in ("escalation_reason", "person")]
    columns = ", ".join([*split, measure.select])
    if not split:
        return _joined(columns, measure.view, wheres)
    in_order = all(column.rpartition("_")[2] in ("day", "week", "month", "weekday", "hour") for column in split[:1])
    order = ", ".join(split) if in_order else f"{len(split) + 1} DESC, {split[0]}"
    limit = [f"LIMIT {found.most}"] if found.most else []
    return _joined(columns, measure.view, wheres, f"GROUP BY {', '.join(split)}", f"ORDER BY {order}", *limit)


def _joined(columns: str, view: str, wheres: list[str], *more: str) -> str:
    where = [f"WHERE {' AND '.join(wheres)}"] if wheres else []
    return "\n".join([f"SELECT {columns}", f"FROM {view}", *where, *more])


def _quoted(value: str) -> str:
    return value.replace("'", "''")


def _said(found: Understood) -> str:
    parts = [found.measure.title]
    if found.splits and not found.measure.lists:
        parts.append("by " + " and ".join(name for _, name in found.splits))
    parts += [f"{column} {value}" for column, value in found.wheres.items()]
    parts.append(found.period.words if found.measure.clock else "as it stands now")
    text = ", ".join(parts) + "."
    if found.missing:
        text += f" It cannot be split by {' or '.join(found.missing)}."
    if found.unread:
        text += f" Not understood and left out: {', '.join(found.unread)}."
    return text


def _blank(text: str, start: int, end: int) -> str:
    return text[:start] + " " * (end - start) + text[end:]


def _without(text: str, pattern: str) -> str:
    """The text without the words that the pattern touches."""
    for match in re.finditer(rf"\b\w*(?:{pattern})\w*", text):
        text = _blank(text, match.start(), match.end())
    return text


def _words(text: str) -> list[str]:
    return [word for word in WORD.findall(text) if word not in FILLERS and not word.isdecimal()]


__all__ = ["EXAMPLES", "Understood", "answer", "measure_of", "nearest", "understood"]
