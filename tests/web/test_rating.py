"""The page behind a rating's link: following it changes nothing, and it needs no account and no script."""

from datetime import timedelta

from sqlmodel import select

from tests.desks import ticket
from tests.web.conftest import HERE, World
from triage.models import CsatOptOut, CsatRequest, Episode, now
from triage.ratings import links


def link(world: World, language: str = "en") -> str:
    with world.database.transaction() as session:
        row = ticket(session, language=language)
        request = CsatRequest(
            episode_id=row.episode_id or 0, ticket_id=row.id or 0, status="sent", recipient="priya@customer.example",
            sent_at=now(), expires_at=now() + timedelta(days=1),
        )  # fmt: skip
        session.add(request)
        session.flush()
        signed, request.token_hash = links.new(world.site.settings, request.id or 0)
        return f"/rate/{signed}"


def rated(world: World) -> int | None:
    with world.database.read() as session:
        return session.exec(select(Episode.csat)).one()


def test_looking_changes_nothing_and_sending_the_form_does_once(world: World) -> None:
    path = link(world, "nl")
    for _ in range(3):  # a scanner follows every link of the mail
        shown = world.client.get(f"{path}?score=2")
        assert shown.status_code == 200 and 'value="2" required checked' in shown.text and '<html lang="nl">' in shown.text
        assert "<script" not in shown.text and "no-store" in shown.headers["cache-control"]
    assert rated(world) is None
    taken = world.post(path, score="5", comment="Fine.\nReally")
    assert taken.status_code == 200 and "Dank u wel" in taken.text and rated(world) == 5
    assert "U hebt al geantwoord" in world.client.get(f"{path}?score=1").text
    world.client.post(path, data={"score": "1"}, headers={"Origin": HERE})
    assert rated(world) == 5


def test_a_form_of_another_site_or_without_its_token_counts_for_nothing(world: World) -> None:
    path = link(world)
    assert world.post(path, origin="https://evil.example", score="1").status_code == 403
    assert world.post(path, csrf="made-up", score="1").status_code == 400
    assert world.post(path, score="9").status_code == 400
    assert rated(world) is None


def test_one_can_ask_not_to_be_asked(world: World) -> None:
    path = link(world)
    assert "not send you such mails" in world.post(path, stop="1").text
    with world.database.read() as session:
        assert session.exec(select(CsatOptOut.email)).all() == ["priya@customer.example"]


def test_one_can_ask_not_to_be_asked_after_an_answer_too(world: World) -> None:
    path = link(world)
    assert "Do not ask me again" in world.post(path, score="5").text
    assert "Do not ask me again" in world.client.get(path).text
    assert "not send you such mails" in world.post(path, stop="1").text
    assert rated(world) == 5
    with world.database.read() as session:
        assert session.exec(select(CsatOptOut.email)).all() == ["priya@customer.example"]


def test_guesses_are_turned_away_and_braked(world: World) -> None:
    answers = [world.client.get(f"/rate/guess{number}").status_code for number in range(40)]
    assert answers[0] == 404 and answers[-1] == 429
