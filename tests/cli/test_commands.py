"""The smaller commands: knowledge base, doctor, metrics."""

import json
import re
import threading
from pathlib import Path

import pytest

from knowledge_base.index import Index
from tests import loopback
from tests.cli.conftest import Run
from triage.cli import kb
from triage.database import migrate, open_database
from triage.models import AuditEvent, Episode, RunStep, Ticket
from triage.models import Run as Run_
from triage.settings import load_settings

# typer asks click for names that click is about to move
pytestmark = pytest.mark.filterwarnings("ignore:'click:DeprecationWarning")


def test_articles_go_in_are_found_come_out_and_go_in_unchanged(run: Run, shelf: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"no PDF")
    ended = run("kb", "import", shelf, tmp_path / "broken.pdf", "--json")
    report = {Path(line["source"]).name: line for line in map(json.loads, ended.out.splitlines())}
    assert ended.code == 0 and report["descaling.md"]["outcome"] == "taken"
    assert report["broken.pdf"]["outcome"] == "refused" and report["broken.pdf"]["why"]

    hits = json.loads(run("kb", "search", "how often to descale", "-k", "1", "--json").out)
    assert hits[0]["article"] == "descaling" and hits[0]["why"] and 0 < hits[0]["score"] <= 1
    assert "descaling" in run("kb", "search", "Kalkweg").out

    out = tmp_path / "export"
    assert "2 articles" in run("kb", "export", out).out
    again = [json.loads(line)["outcome"] for line in run("kb", "import", out, "--json").out.splitlines()]
    assert again and "taken" not in again and "refused" not in again
    assert re.match(r"[1-9]\d* passages indexed", run("kb", "reindex").out)
    assert json.loads(run("kb", "search", "how often to descale", "-k", "1", "--json").out)[0]["article"] == "descaling"


def test_reindexing_beside_a_desk_lets_the_desk_do_it_and_shows_how_far_it_is(run: Run, shelf: Path, tmp_path: Path) -> None:
    run("kb", "import", shelf)
    home = load_settings(home=tmp_path / "home")
    database, index = open_database(home), Index.open(home.home, home)
    index.sync(database)
    assert index.kind == "owner"
    following = threading.Event()

    def clock() -> None:
        while not following.wait(0.2):
            index.sync(database)

    beside = threading.Thread(target=clock)
    beside.start()
    try:
        ended = run("kb", "reindex")
    finally:
        following.set()
        beside.join()
        index.close()
        database.close()
    assert (
        ended.code == 0 and "Another process" in ended.out and re.search(r"search index of minilm.*: \d of \d, done", ended.out)
    )


def test_reindexing_beside_a_process_that_does_nothing_says_so(
    run: Run, shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("kb", "import", shelf)
    monkeypatch.setattr(kb, "_STARTS_WITHIN", 0.1)
    home = load_settings(home=tmp_path / "home")
    index = Index.open(home.home, home)
    ended = run("kb", "reindex")
    index.close()
    assert ended.code == 1 and "has not begun yet" in ended.err


def test_when_everything_is_refused_the_exit_code_says_so(run: Run, tmp_path: Path) -> None:
    (tmp_path / "broken.pdf").write_bytes(b"no PDF")
    assert run("kb", "import", tmp_path / "broken.pdf").code == 2
    assert run("kb", "search").code == 2


def test_a_corpus_of_ones_own_is_searched_by_file(run: Run, tmp_path: Path) -> None:
    corpus, queries, out = tmp_path / "corpus.jsonl", tmp_path / "queries.jsonl", tmp_path / "out.jsonl"
    docs = {"d1": "Descale the kettle every three months with Kalkweg.", "d2": "Parcels arrive within two working days."}
    corpus.write_text("".join(json.dumps({"id": name, "title": name, "text": text}) + "\n" for name, text in docs.items()))
    queries.write_text('{"id": "q1", "text": "When does my parcel arrive?"}\n{"id": "q2"}\nnonsense\n')
    assert run("kb", "search", "--corpus", corpus, "--queries", queries, "--out", out, "-k", "2").code == 0
    got = [json.loads(line) for line in out.read_text().splitlines()]
    assert set(got[0]) == {"id", "results", "rewritten", "seconds"} and got[0]["results"][0]["doc"] == "d2"
    assert [line["id"] for line in got] == ["q1", "q2", None] and all("error" in line for line in got[1:])


def test_a_search_tells_that_the_question_is_in_another_language(run: Run, shelf: Path) -> None:
    run("kb", "import", shelf)
    ended = run("kb", "search", "À quelle fréquence faut-il détartrer la bouilloire ?", "-k", "1")
    assert "This question is in French; the base is in English: searched also as “" in ended.out and "descaling" in ended.out
    told = run("kb", "search", "Wie oft muss ich den Wasserkocher entkalken?", "-k", "1", "--json")
    assert json.loads(told.out)[0]["article"] == "descaling" and "This question is in German" in told.err


def test_a_search_with_a_model_needs_one_and_uses_it(
    run: Run, shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("kb", "import", shelf)
    refused = run("kb", "search", "how often to descale", "--model")
    assert refused.code == 2 and "TRIAGE_MODEL_RANKER" in refused.err and "Traceback" not in refused.err
    with loopback.serve() as service:
        monkeypatch.setenv("OPENAI_BASE_URL", service.base_url)
        monkeypatch.setenv("TRIAGE_MODEL_RANKER", "small")
        plain = json.loads(run("kb", "search", "how often to descale", "-k", "2", "--json").out)
        assert not service.requests
        ended = run("kb", "search", "how often to descale", "-k", "2", "--json", "--model")
        judged = json.loads(ended.out)
        assert [request["model"] for request in service.requests] == ["small", "small"]
        assert "judged 3 of 3" in judged[0]["why"] and {hit["id"] for hit in judged} != {hit["id"] for hit in plain[:1]}
        queries = tmp_path / "queries.jsonl"
        queries.write_text('{"id": "q1", "text": "pair the kettle"}\n')
        line = json.loads(run("kb", "search", "--queries", queries, "--model").out)
        assert line["id"] == "q1" and line["results"] and len(service.requests) == 4


def test_the_doctor_finds_a_healthy_desk_and_a_changed_audit_log(run: Run, tmp_path: Path) -> None:
    ended = run("doctor", "--json")
    findings = {finding["check"]: finding for finding in map(json.loads, ended.out.splitlines())}
    assert ended.code == 0 and all(finding["ok"] for finding in findings.values())
    assert {"python", "packages", "home", "database", "audit log", "embedder", "search index", "models", "mail"} <= set(findings)
    database = open_database(load_settings(home=tmp_path / "home"))
    migrate(database)
    with database.transaction() as session:
        session.add(AuditEvent(actor="x", kind="x", previous_hash="0" * 64, hash="made up"))
    database.close()
    sick = run("doctor")
    assert sick.code == 1 and "FAIL audit log" in sick.out and "→" in sick.out


def test_metrics_come_with_definition_denominator_and_interval(run: Run) -> None:
    ended = run("metrics", "--json", "--since", "2026-11-01")
    told = json.loads(ended.out)
    assert ended.code == 0 and told["metrics"] and {"value", "numerator", "denominator", "low", "high"} <= set(told["metrics"][0])
    assert run("metrics").code == 0
    bad = run("metrics", "--since", "yesterday")
    assert bad.code == 2 and "2026-11-01" in bad.err


def test_metrics_tell_what_each_agent_and_tool_costs(run: Run, tmp_path: Path) -> None:
    assert "┃ who" not in run("metrics").out, "nobody was asked, so there is no table of them"
    database = open_database(load_settings(home=tmp_path / "home"))
    with database.transaction() as session:
        session.add(ticket := Ticket(subject="Kettle"))
        session.flush()
        session.add(episode := Episode(ticket_id=ticket.id or 0))
        session.flush()
        session.add(Run_(id="r", ticket_id=ticket.id or 0, episode_id=episode.id))
        session.flush()
        session.add(RunStep(run_id="r", ordinal=0, kind="tool", role="analyst", name="order_state", seconds=0.25, cost_usd=0.02))
        session.add(RunStep(run_id="r", ordinal=1, kind="model", role="analyst", name="gpt-5", seconds=2.0, cost_usd=0.3))
    database.close()
    told = {(row["kind"], row["name"]): row["cost_usd"] for row in json.loads(run("metrics", "--json").out)["machine"]}
    assert told == {("agent", "analyst"): 0.3, ("tool", "order_state"): 0.02, ("model", "gpt-5"): 0.3}
    assert re.search(r"order_state .* tool .* 1 .* 250 ms .* \$0\.0200", run("metrics").out)


def test_every_command_explains_itself(run: Run) -> None:
    for words in ([], ["process"], ["approve"], ["kb"], ["doctor"], ["metrics"], ["user"], ["key"], ["serve"], ["worker"]):
        assert run(*words, "--help").code == 0
