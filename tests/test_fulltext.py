"""Full-text search in columns, on both databases."""

import pytest
from sqlmodel import Session, select

from tests.library.desk import done, write
from triage.database import Database, fulltext
from triage.library.listing import Filter, listing
from triage.models import Article, ArticleVersion


def ids(database: Database, find: str) -> list[str]:
    return [row.id for row in done(database, listing, Filter(find=find)).rows]


@pytest.fixture
def base(database: Database) -> Database:
    def fill(session: Session) -> None:
        write(
            session,
            "a",
            "Geld zurück: a REFUND needs 5 days. See https://shop.example.com/refund-policy?id=7.",
            owner="Mia O'Neil",
        )
        write(
            session,
            "b",
            "The résumé of order TD-1234, version 2.5_final; mail help@example.com.",
            labels=["Größe", "air-freight"],
        )
        write(session, "c", "返金には五日かかります。 NOT all AND nothing OR NEAR the (end).")

    done(database, fill)
    return database


def test_words_are_found_without_case_accents_and_what_stands_between(base: Database) -> None:
    expected = [
        ("refund", ["a"]), ("Refund DAYS", ["a"]), ("refu", ["a"]), ("refu days", []), ("days refu", ["a"]),
        ("shop.example.com", ["a"]), ("example", ["a", "b"]), ("policy", ["a"]), ("help@example.com", ["b"]),
        ("resume", ["b"]), ("RÉSUMÉ", ["b"]), ("resume\u0301", ["b"]), ("zuruck", ["a"]), ("zurück", ["a"]),
        ("td-1234", ["b"]), ("1234", ["b"]), ("-123", ["b"]), ("2.5", ["b"]), ("final", ["b"]),
        ("五日", ["c"]), ("返金 nothing", ["c"]),
        ("o'neil", ["a"]), ("freight", ["b"]), ("größe", ["b"]), ("neil refund", ["a"]), ("neil resume", []),
        ("", ["a", "b", "c"]), ("   ", ["a", "b", "c"]),
    ]  # fmt: skip
    assert [(find, ids(base, find)) for find, _ in expected] == expected


def test_whatever_somebody_types_is_plain_words_and_never_an_error(base: Database) -> None:
    expected = [
        ("NOT all AND", ["c"]), ("NEAR(end, 2)", []), ("near end", ["c"]), ('"refund"', ["a"]), ('refund"', ["a"]), ("'; DROP", []),
        ("title:refund", []), ("refund*", ["a"]), ("*", []), ("*refund", ["a"]), ("^refund", ["a"]), ("refund:*", ["a"]),
        ("a & | ! <-> b", ["b"]), ("%", []), ("_", []), ("\\", []), ("?!…", []), ("→", []), ("€ →", []), ("\x00", []), ("refund\x00days", ["a"]),
        ("\ud800refund", ["a"]), ("🙂", []), ("²", []), ("{refund} + (days)", ["a"]),
        ("refund " * 700, ["a"]), ("x" * 5000, []), ("five thousand letters " * 230, []), ("\"'*&|!()" * 600, []), ("日" * 5000, []),
    ]  # fmt: skip
    assert [(find, ids(base, find)) for find, _ in expected] == expected


def test_the_words_follow_whatever_changes_the_table(base: Database) -> None:
    def change(session: Session) -> None:
        version = session.exec(select(ArticleVersion).where(ArticleVersion.article_id == "a")).one()
        version.body = "Rewritten entirely."
        session.add(version)
        write(session, "b", "Another text now.")
        for row in session.exec(select(ArticleVersion).where(ArticleVersion.article_id == "c")).all():
            session.delete(row)
        session.flush()
        session.delete(session.get_one(Article, "c"))

    def held(session: Session, word: str) -> list[str]:
        here = fulltext.holds(session, word, ArticleVersion.title, ArticleVersion.body)
        return list(session.exec(select(ArticleVersion.article_id).where(here)))

    done(base, change)
    assert ids(base, "refund") == [] and ids(base, "rewritten") == ["a"]
    assert ids(base, "resume") == [] and ids(base, "another") == ["b"]  # the list looks at the latest version
    assert done(base, held, "résumé") == ["b"] and done(base, held, "nothing") == []


def test_a_text_beyond_what_a_tsvector_takes_is_saved_and_found(database: Database) -> None:
    body = "needle " + " ".join(f"wört{n}ß" for n in range(120_000))
    done(database, write, "long", body)
    done(database, write, "one-word", "ä" * 300_000)
    assert ids(database, "needle wört99") == ["long"]


def test_texts_from_before_the_migration_are_found(database: Database) -> None:
    from alembic import command

    from triage.database import migrate
    from triage.database.migrate import config

    done(database, write, "early", "Written long ago.")
    with database.engine.begin() as connection:
        command.downgrade(config(connection), "0009")
    migrate(database)
    assert ids(database, "long ago") == ["early"]
