"""Full-text search in documents: a row's texts together with those of the rows that belong to it.

A document has fields; `matching` finds rows by words in any field or in one. The words of table `x` stand in `x_words`
(FTS5 on SQLite, a tsvector with weights on PostgreSQL), and triggers write them anew in the transaction that changes a text.
Scripts without spaces are indexed letter by letter, so that a word of theirs is looked for as a phrase of letters.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, String, column, func, literal, select, table, text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from triage.database.fulltext import BETWEEN, LONGEST, UNSPACED, UNSPACED_RANGES, plain, words_of

SPACED = "triage_spaced"  # the function that SQLite's triggers call; every connection of ours has it
_RECENT = 10_000  # documents; looking at each of them takes 5 ms
_COMMON = 4_000  # documents; what more of them hold is common
SHORTEST_BEGINNING = 3  # letters: what begins with fewer is nearly everything


@dataclass(frozen=True)
class Document:
    """`own` fields are columns of `table` (field, columns), `parts` one more field of the rows of `part` whose `key` names the row."""

    table: str
    own: tuple[tuple[str, tuple[str, ...]], ...]
    part: str
    key: str
    parts: tuple[str, str]

    @property
    def words(self) -> str:
        return f"{self.table}_words"

    @property
    def fields(self) -> list[str]:
        return [*[field for field, _ in self.own], self.parts[0]]


TICKETS = Document(
    "ticket",
    (("who", ("requester_name", "requester_email")), ("subject", ("subject",))),
    "message",
    "ticket_id",
    ("messages", "body"),
)


@dataclass(frozen=True)
class Term:
    """Words one after the other, in any field or in one; with `begins` the last may go on."""

    words: tuple[str, ...]
    field: str = ""
    begins: bool = False


def terms(text: str, field: str = "", *, most: int = 12) -> list[Term]:
    """What somebody typed, as terms that all have to be there: what no space divides stands together; the last may go on."""
    found = [tuple(spaced(" ".join(words_of(part))).split())[:most] for part in text.split()[:most]]
    made = [Term(words, field) for words in found if words]
    if made and text[-1:].strip():
        made[-1] = Term(made[-1].words, field, _may_go_on(made[-1].words[-1]))
    return made


def spaced(text: str | None) -> str:
    """The text with every letter of a script without spaces as a word of its own."""
    return "" if text is None else text if text.isascii() else UNSPACED.sub(r" \g<0> ", text)


def matching(session: Session, document: Document, wanted: list[Term]) -> Select[tuple[int]]:
    """The ids of the rows whose documents hold all terms. Raises ValueError without any."""
    if not wanted:
        raise ValueError("nothing to look for")
    if session.get_bind().dialect.name == "sqlite":
        words: Any = table(document.words, column("rowid"), column(document.words, String))
        return select(words.c.rowid.label("id")).where(words.c[document.words].op("MATCH")(" AND ".join(map(_fts5, wanted))))
    words = table(document.words, column("id"), column("words"))
    query = " & ".join(_tsquery(document, term) for term in wanted)
    asked = func.to_tsquery(literal("simple").op("::")(column("regconfig")), query)
    return select(words.c.id).where(words.c.words.op("@@")(asked))


def newest(session: Session, document: Document, wanted: list[Term], most: int) -> list[int]:
    """The ids of the newest rows whose documents hold all terms, newest first, at most so many.

    PostgreSQL's index of words finds every document with a word before it gives the first, half a second for one that a
    quarter of a million hold. So the newest documents are looked at first, one by one; only what too few of them hold is
    left to the index, up to a limit. What has more matches than that is common all the same, and soon found by going on
    back from the newest. Each way is asked for by name: it guesses badly how many a phrase finds.
    """
    statement = matching(session, document, wanted)
    number = statement.selected_columns.id
    backwards = statement.order_by(number.desc()).limit(most)
    if session.get_bind().dialect.name == "sqlite":
        return list(session.execute(backwards).scalars())
    last = select(func.max(number)).correlate(None).scalar_subquery()
    recent = _planned(session, backwards.where(number > last - _RECENT), "bitmapscan", "seqscan")
    if len(recent) == most:
        return recent
    found = _planned(session, statement.limit(_COMMON + 1), "indexscan", "seqscan")
    if len(found) > _COMMON:
        return _planned(session, backwards, "bitmapscan", "seqscan")
    return sorted(found, reverse=True)[:most]


def _planned(session: Session, statement: Select[tuple[int]], *without: str) -> list[int]:
    """What a statement finds when PostgreSQL plans it without some of its ways."""
    try:
        session.execute(text(";".join(f"SET enable_{way} = off" for way in without)))
        found = list(session.execute(statement).scalars())
        session.execute(text(";".join(f"RESET enable_{way}" for way in without)))
    except SQLAlchemyError:
        session.invalidate()  # its connection is lent to nobody else with these choices
        raise
    return found


def holds(session: Session, document: Document, wanted: list[Term], row: Any) -> ColumnElement[bool]:
    """The condition that the document of the row with this id holds all terms, for rows that are looked at one by one.

    PostgreSQL would rather find all documents with the words first, however many; a value it can only ask for each row.
    """
    found = matching(session, document, wanted)
    if session.get_bind().dialect.name == "sqlite":
        answer: ColumnElement[bool] = row.in_(found)
        return answer
    words = found.get_final_froms()[0]
    return select(found.whereclause).select_from(words).where(words.c.id == row).scalar_subquery()  # type: ignore


def _may_go_on(word: str) -> bool:
    return len(word) >= SHORTEST_BEGINNING and not UNSPACED.search(word)


def _fts5(term: Term) -> str:
    where = f"{term.field} : " if term.field else ""
    return f'{where}"{" ".join(term.words)}"' + " *" * term.begins


def _tsquery(document: Document, term: Term) -> str:
    weight = "ABCD"[document.fields.index(term.field)] if term.field else ""
    marks = [weight] * len(term.words)
    marks[-1] += "*" * term.begins
    words = [f"'{plain(word)}'" + (f":{mark}" if mark else "") for word, mark in zip(term.words, marks, strict=True)]
    return "(" + " <-> ".join(words) + ")"


# ---- the words and what keeps them in step ------------------------------------------------------------------


def statements(document: Document, dialect: str) -> list[tuple[str, str, str]]:
    """(kind, name, statement) of all that has to be there beside the tables, in order; kinds are table, function and trigger."""
    return _sqlite(document) if dialect == "sqlite" else _postgresql(document)


def fill(connection: Connection, document: Document) -> None:
    """Write the words of all rows, into an empty table of words."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_put(document, ""))
    else:
        connection.exec_driver_sql(
            f"INSERT INTO {document.words}(id, words) SELECT id, {_vector(document)} FROM {document.table}"
        )


def _gathered(document: Document, join: str) -> str:
    texts = f"SELECT {join}({document.parts[1]}, ' ') FROM {document.part} WHERE {document.key} = {document.table}.id"
    return f"coalesce(({texts}), '')"


def _texts(document: Document, join: str) -> list[str]:
    return [*[" || ' ' || ".join(columns) for _, columns in document.own], _gathered(document, join)]


def _put(document: Document, where: str) -> str:
    texts = ", ".join(f"{SPACED}({text})" for text in _texts(document, "group_concat"))
    return f"INSERT INTO {document.words}(rowid, {', '.join(document.fields)}) SELECT id, {texts} FROM {document.table} {where};"


def _sqlite(document: Document) -> list[tuple[str, str, str]]:
    words, name, part = document.words, document.table, document.part
    own = ", ".join(column for _, columns in document.own for column in columns)

    def anew(row: str) -> str:
        return f"DELETE FROM {words} WHERE rowid = {row}; " + _put(document, f"WHERE id = {row}")

    def trigger(suffix: str, event: str, work: str) -> tuple[str, str, str]:
        return "trigger", f"{words}_{suffix}", f"CREATE TRIGGER {words}_{suffix} AFTER {event} BEGIN {work} END"

    take = f"DELETE FROM {words} WHERE rowid = old.id;"
    made = f"CREATE VIRTUAL TABLE {words} USING fts5({', '.join(document.fields)}, tokenize='unicode61 remove_diacritics 2')"
    return [
        ("table", words, made),
        trigger("insert", f"INSERT ON {name}", _put(document, "WHERE id = new.id")),
        trigger("update", f"UPDATE OF {own} ON {name}", anew("new.id")),
        trigger("delete", f"DELETE ON {name}", take),
        trigger("part_insert", f"INSERT ON {part}", anew(f"new.{document.key}")),
        trigger(
            "part_update", f"UPDATE OF {document.parts[1]}, {document.key} ON {part}",
            anew(f"old.{document.key}") + " " + anew(f"new.{document.key}"),
        ),
        trigger("part_delete", f"DELETE ON {part}", anew(f"old.{document.key}")),
    ]  # fmt: skip


def _vector(document: Document) -> str:
    """The tsvector of a row. PostgreSQL's parser takes addresses and numbers with signs for one word: it gets none to see."""

    def words(text: str) -> str:
        text = f"regexp_replace(normalize(lower(left({text}, {LONGEST})), NFKD), '[\\u0300-\\u036f]', '', 'g')"
        text = f"regexp_replace({text}, '([{UNSPACED_RANGES}])', ' \\1 ', 'g')"
        return f"to_tsvector('simple'::regconfig, regexp_replace({text}, '[{BETWEEN}]+', ' ', 'g'))"

    texts = _texts(document, "string_agg")
    return " || ".join(f"setweight({words(text)}, '{weight}')" for text, weight in zip(texts, "ABCD", strict=False))


def _postgresql(document: Document) -> list[tuple[str, str, str]]:
    words, name, part, key = document.words, document.table, document.part, document.key
    own = ", ".join(column for _, columns in document.own for column in columns)
    put = (
        f"INSERT INTO {words}(id, words) SELECT id, {_vector(document)} FROM {name} WHERE id = {{row}} "
        f"ON CONFLICT (id) DO UPDATE SET words = excluded.words"
    )
    body = f"BEGIN {put.format(row='new.id')}; RETURN NULL; END"
    part_body = (
        f"BEGIN IF TG_OP <> 'INSERT' AND (TG_OP = 'DELETE' OR old.{key} <> new.{key}) THEN {put.format(row=f'old.{key}')}; END IF; "
        f"IF TG_OP <> 'DELETE' THEN {put.format(row=f'new.{key}')}; END IF; RETURN NULL; END"
    )
    changed = f"INSERT OR UPDATE OF {document.parts[1]}, {key} OR DELETE"
    return [
        (
            "table", words,
            f"CREATE TABLE {words} (id integer PRIMARY KEY REFERENCES {name}(id) ON DELETE CASCADE, words tsvector NOT NULL)",
        ),
        ("index", f"ix_{words}", f"CREATE INDEX ix_{words} ON {words} USING gin (words)"),
        ("function", words, f"CREATE OR REPLACE FUNCTION {words}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$"),
        (
            "function", f"{words}_part",
            f"CREATE OR REPLACE FUNCTION {words}_part() RETURNS trigger LANGUAGE plpgsql AS $$ {part_body} $$",
        ),
        (
            "trigger", words,
            f"CREATE TRIGGER {words} AFTER INSERT OR UPDATE OF {own} ON {name} FOR EACH ROW EXECUTE FUNCTION {words}()",
        ),
        (
            "trigger", f"{words}_part",
            f"CREATE TRIGGER {words}_part AFTER {changed} ON {part} FOR EACH ROW EXECUTE FUNCTION {words}_part()",
        ),
    ]  # fmt: skip
