"""Full-text search in columns of a table, by FTS5 on SQLite and by a tsvector on PostgreSQL.

A table `x` that can be searched has a table `x_words` beside it, which triggers keep in step whatever writes to `x`.
A migration makes it with `create`; `holds` is the condition of queries. Both databases see words alike: letters and
digits between anything else, without case or accents.
"""

import re
import unicodedata
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, column, func, literal, or_, select, table
from sqlmodel import Session

LONGEST = 200_000  # characters that PostgreSQL looks at: a tsvector has at most a megabyte
BETWEEN = "".join(  # what stands between words, as ranges of a class in regular expressions of both
    f"\\u{first:04x}-\\u{last:04x}"
    for first, last in ((0x01, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0xBF), (0x2000, 0x206F), (0x3000, 0x303F))
)
_SPLIT = re.compile(f"[\\x00{BETWEEN}\\ud800-\\udfff]+")
UNSPACED_RANGES = "\\u0e00-\\u0eff\\u1000-\\u109f\\u1780-\\u17ff\\u3040-\\u30ff\\u3400-\\u9fff\\uf900-\\ufaff"
UNSPACED = re.compile(f"[{UNSPACED_RANGES}]")  # scripts that put no space between words


def words_of(text: str) -> list[str]:
    """The words of a text, each once, in their order; none of them means anything but itself to either database."""
    return list(dict.fromkeys(word for word in _SPLIT.split(text) if word))


def holds(session: Session, word: str, *columns: Any, begins: bool = False) -> ColumnElement[bool]:
    """The condition that these columns of one table hold a word of `words_of`, or with `begins` one that begins with it.

    The columns are those that `create` was given. A word of a script without spaces is looked for anywhere in them,
    which reads them all.
    """
    if UNSPACED.search(word):
        return or_(*[place.icontains(word, autoescape=True) for place in columns])
    owner = columns[0].class_
    name = f"{owner.__tablename__}_words"
    if session.get_bind().dialect.name == "sqlite":
        words = table(name, column("rowid"), column(name, String))
        found = select(words.c.rowid).where(words.c[name].op("MATCH")(f'"{word}"' + "*" * begins))
    else:
        words = table(name, column("id"), column("words"))
        query = func.to_tsquery(literal("simple").op("::")(column("regconfig")), f"'{plain(word)}'" + ":*" * begins)
        found = select(words.c.id).where(words.c.words.op("@@")(query))
    answer: ColumnElement[bool] = owner.id.in_(found)
    return answer


def create(connection: Connection, name: str, *columns: str) -> None:
    """Make the words of a table's text columns, and fill them; its key is an integer `id`. For migrations."""
    statements = _sqlite(name, columns) if connection.dialect.name == "sqlite" else _postgresql(name, columns)
    for statement in statements:
        connection.exec_driver_sql(statement)


def drop(connection: Connection, name: str) -> None:
    """Take the words of a table away again. For migrations."""
    if connection.dialect.name == "sqlite":
        for event in ("insert", "update", "delete"):
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}_words_{event}")
    else:
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {name}_words ON {name}")
        connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {name}_words()")
    connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}_words")


def _sqlite(name: str, columns: tuple[str, ...]) -> list[str]:
    """An FTS5 table of external content: it holds the index only, and reads texts in the table itself."""
    words, listed = f"{name}_words", ", ".join(columns)
    new, old = (f"{row}.id, " + ", ".join(f"{row}.{column}" for column in columns) for row in ("new", "old"))
    put = f"INSERT INTO {words}(rowid, {listed}) VALUES ({new});"
    take = f"INSERT INTO {words}({words}, rowid, {listed}) VALUES ('delete', {old});"
    return [
        f"CREATE VIRTUAL TABLE {words} USING fts5({listed}, content='{name}', content_rowid='id', "
        "tokenize='unicode61 remove_diacritics 2')",
        f"CREATE TRIGGER {words}_insert AFTER INSERT ON {name} BEGIN {put} END",
        f"CREATE TRIGGER {words}_update AFTER UPDATE OF {listed} ON {name} BEGIN {take} {put} END",
        f"CREATE TRIGGER {words}_delete AFTER DELETE ON {name} BEGIN {take} END",
        f"INSERT INTO {words}({words}) VALUES ('rebuild')",
    ]


def _postgresql(name: str, columns: tuple[str, ...]) -> list[str]:
    """A table of tsvectors. PostgreSQL's parser takes addresses and numbers with signs for one word: it gets none to see."""
    words, listed = f"{name}_words", ", ".join(columns)

    def vector(row: str) -> str:
        text = f"lower(left({' || chr(32) || '.join(f'{row}.{column}' for column in columns)}, {LONGEST}))"
        text = f"regexp_replace(normalize({text}, NFKD), '[\\u0300-\\u036f]', '', 'g')"
        return f"to_tsvector('simple'::regconfig, regexp_replace({text}, '[{BETWEEN}]+', ' ', 'g'))"

    put = f"INSERT INTO {words}(id, words) VALUES (new.id, {vector('new')}) ON CONFLICT (id) DO UPDATE SET words = excluded.words"
    return [
        f"CREATE TABLE {words} (id integer PRIMARY KEY REFERENCES {name}(id) ON DELETE CASCADE, words tsvector NOT NULL)",
        f"INSERT INTO {words}(id, words) SELECT id, {vector(name)} FROM {name}",
        f"CREATE INDEX ix_{words} ON {words} USING gin (words)",
        f"CREATE FUNCTION {words}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {put}; RETURN new; END $$",
        f"CREATE TRIGGER {words} AFTER INSERT OR UPDATE OF {listed} ON {name} FOR EACH ROW EXECUTE FUNCTION {words}()",
    ]


def plain(word: str) -> str:
    """The word as a tsvector has it: without case and accents."""
    return re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFKD", word.lower()))
