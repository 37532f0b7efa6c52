"""Signing in and out, in the words that people read."""

import html
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from tests.web.conftest import CANARY, HERE, PASSWORD, MakeWorld, World
from triage.accounts import links, ratelimit, users
from triage.accounts.cookies import SESSION_COOKIE
from triage.errors import SettingsError
from triage.models import Article, ArticleFile, Attachment, AuditEvent, Message, Role, Ticket, User, clock_at, now


def test_signing_in_sets_a_cookie_that_scripts_cannot_read(world: World) -> None:
    world.person()
    answer = world.sign_in(next="/metrics?days=7")
    assert answer.status_code == 303 and answer.headers["location"] == "/metrics?days=7"
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(answer.headers["set-cookie"].split("; "))
    assert CANARY in world.client.get("/metrics").text
    assert world.client.get("/login?next=/inbox").headers["location"] == "/inbox"


@pytest.mark.parametrize(
    ("email", "password"), [("ada@example.com", "wrong password!"), ("nobody@example.com", PASSWORD), ("", "")]
)
def test_a_wrong_password_and_an_unknown_address_read_the_same(world: World, email: str, password: str) -> None:
    world.person()
    answer = world.sign_in(email, password)
    assert answer.status_code == 401 and SESSION_COOKIE not in world.client.cookies
    assert "The address or the password is not right." in answer.text and 'role="alert"' in answer.text


def test_what_was_typed_is_shown_again_but_never_as_markup(world: World) -> None:
    answer = world.sign_in('"><script>alert(1)</script>@x', "y", next="//evil.example")
    assert "<script>" not in answer.text and html.escape('"><script>') in answer.text.replace("&#34;", "&quot;")
    assert "evil.example" not in answer.text


def test_a_form_without_its_own_token_changes_nothing(world: World) -> None:
    world.person()
    for token in ("", "made-up", world.token()[:-1]):
        answer = world.sign_in(csrf=token)
        assert answer.status_code == 400 and "Nothing was changed" in answer.text
    other = world.token()
    world.client.cookies.clear()
    assert world.sign_in(csrf=other).status_code == 400


def test_odd_forms_are_refused_in_words(world: World) -> None:
    headers = {"Origin": HERE}
    assert world.client.post("/login", content=b"{}", headers={**headers, "Content-Type": "application/json"}).status_code == 400
    form = {**headers, "Content-Type": "application/x-www-form-urlencoded"}
    assert world.client.post("/login", content=b"email=" + b"x" * 20_000, headers=form).status_code == 400
    assert world.client.post("/login", content=b"email=%ff%fe", headers=form).status_code == 400


def test_guessing_is_braked_for_the_account_and_then_freed(world: World) -> None:
    world.person()
    for _ in range(ratelimit.PER_ACCOUNT):
        assert world.sign_in(password="a wrong guess").status_code == 401
    answer = world.sign_in()
    assert answer.status_code == 429 and int(answer.headers["retry-after"]) > 60
    assert "Too many attempts. Wait 15 minutes" in answer.text
    with clock_at(now() + timedelta(minutes=16)):
        assert world.sign_in().status_code == 303


def test_signing_out_here_and_everywhere(world: World) -> None:
    world.person()
    world.sign_in()
    elsewhere = world.client.cookies[SESSION_COOKIE]
    world.client.cookies.clear()
    world.sign_in()
    here = world.client.cookies[SESSION_COOKIE]
    assert "Sign out on every device" in world.client.get("/logout").text
    world.post("/logout", everywhere="yes")
    for cookie in (here, elsewhere):
        assert world.client.get("/inbox", headers={"Cookie": f"{SESSION_COOKIE}={cookie}"}).status_code == 303
    world.sign_in()
    answer = world.post("/logout")
    assert answer.headers["location"] == "/login" and "Max-Age=0" in answer.headers["set-cookie"]
    assert world.client.get("/inbox").status_code == 303
    assert world.client.get("/logout").headers["location"] == "/login"


def test_signing_in_again_ends_the_session_before_it(world: World) -> None:
    world.person()
    world.sign_in()
    first = world.client.cookies[SESSION_COOKIE]
    world.post("/login", form_at="/logout", email="ada@example.com", password=PASSWORD)
    assert world.client.cookies[SESSION_COOKIE] != first
    assert world.client.get("/inbox", headers={"Cookie": f"{SESSION_COOKIE}={first}"}).status_code == 303


def test_a_new_password_ends_the_other_sessions(world: World) -> None:
    world.person()
    world.sign_in()
    elsewhere = world.client.cookies[SESSION_COOKIE]
    world.client.cookies.clear()
    world.sign_in()
    new = "another long passphrase"
    wrong = world.post("/account", current="not it at all", password=new, again=new)
    assert wrong.status_code == 400 and "current password is not right" in wrong.text
    assert "differ" in world.post("/account", current=PASSWORD, password=new, again=new + "x").text
    assert "is changed" in world.post("/account", current=PASSWORD, password=new, again=new).text
    assert world.client.get("/inbox").status_code == 200
    assert world.client.get("/inbox", headers={"Cookie": f"{SESSION_COOKIE}={elsewhere}"}).status_code == 303
    world.client.cookies.clear()
    assert world.sign_in().status_code == 401 and world.sign_in(password=new).status_code == 303


def test_the_first_start_prints_a_link_that_makes_the_administrator(
    make_world: MakeWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    world = make_world()
    path = capsys.readouterr().out.partition(HERE)[2].split()[0]
    assert path.startswith("/setup/")
    bad = world.post(path, email="boss@example.com", name="Boss", password="short", again="short")
    assert (
        bad.status_code == 400 and "at least 12 characters" in html.unescape(bad.text) and 'value="boss@example.com"' in bad.text
    )
    answer = world.post(path, email="Boss@example.com", name="Boss", password=PASSWORD, again=PASSWORD)
    assert answer.status_code == 303 and world.client.get("/inbox").status_code == 200
    with world.database.read() as session:
        assert session.exec(select(User)).one().role == Role.ADMIN
    gone = world.client.get(path)
    assert gone.status_code == 404 and "does not work" in gone.text
    assert world.client.get("/setup/made-up").status_code == 404


def test_no_account_exists_until_somebody_makes_one(world: World) -> None:
    with world.database.read() as session:
        assert session.exec(select(User)).all() == []
    assert "/login/demo" not in world.client.get("/login").text
    assert world.post("/login/demo", form_at="/login", role="admin").status_code == 403


def test_an_invited_person_chooses_a_password_and_is_in(world: World) -> None:
    world.person("boss@example.com", Role.ADMIN)
    with world.database.transaction() as session:
        _user, token = users.add(session, email="ada@example.com", name="Ada <b>", role="manager", actor="user:1")
    page = world.client.get(f"/invite/{token}")
    assert "Ada &lt;b&gt;" in page.text and "manager" in page.text
    assert world.post(f"/invite/{token}", password="x" * 30, again="x" * 30).status_code == 400
    assert world.post(f"/invite/{token}", password=PASSWORD, again=PASSWORD).status_code == 303
    assert world.client.get("/inbox").status_code == 200
    assert world.client.get(f"/invite/{token}").status_code == 404
    with world.database.read() as session, pytest.raises(Exception, match="link"):
        links.look_at_invite(session, token)


def test_demo_mode_signs_in_with_one_click_and_says_what_it_is(make_world: MakeWorld) -> None:
    world = make_world(demo=True)
    page = world.client.get("/login").text
    assert "Demo." in page and page.count('action="/login/demo"') == 3
    for role in Role:
        answer = world.post(
            "/login/demo",
            form_at="/logout" if SESSION_COOKIE in world.client.cookies else "/login",
            role=role.value,
            next="/metrics",
        )
        assert answer.status_code == 303 and answer.headers["location"] == "/metrics"
        assert "Demo accounts have no password" in world.client.get("/account").text
    assert world.post("/login/demo", form_at="/logout", role="owner").status_code == 403
    with world.database.read() as session:
        kinds = [event.kind for event in session.exec(select(AuditEvent))]
    assert kinds.count("signed_in") == 3


def test_demo_accounts_work_from_this_computer_only(make_world: MakeWorld) -> None:
    world = make_world(demo=True, peer="203.0.113.9")
    answer = world.post("/login/demo", form_at="/login", role="admin")
    assert answer.status_code == 403 and "on the computer that the desk runs on" in answer.text


@pytest.mark.parametrize("changes", [{"host": "0.0.0.0"}, {"address": "0.0.0.0"}, {"address": ""}])
def test_demo_mode_does_not_start_where_others_reach_it(make_world: MakeWorld, changes: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="Demo mode needs no password"):
        make_world(demo=True, **changes)


def test_readiness_tells_what_is_missing_without_details(world: World) -> None:
    assert world.client.get("/healthz").json() == {"status": "ok"}
    assert world.client.get("/readyz").json() == {"status": "ready", "problems": []}
    world.desk.troubles.append("The worker of this process is not running.")
    answer = world.client.get("/readyz")
    assert answer.status_code == 503 and answer.json()["problems"] == world.desk.troubles


def _attachment(world: World, tmp_path: Path, **changes: object) -> int:
    sha256 = "ab" * 32
    (tmp_path / "attachments").mkdir(exist_ok=True)
    (tmp_path / "attachments" / sha256).write_bytes(b"<script>alert(1)</script>")
    with world.database.transaction() as session:
        ticket = Ticket(subject="x")
        session.add(ticket)
        session.flush()
        message = Message(ticket_id=ticket.id)
        session.add(message)
        session.flush()
        row = Attachment(
            **{
                "message_id": message.id,
                "filename": "a.html",
                "content_type": "text/html",
                "size": 25,
                "sha256": sha256,
                **changes,
            }
        )
        session.add(row)
        session.flush()
        return row.id or 0


def test_attachments_are_downloads_for_people_of_the_desk(world: World, tmp_path: Path) -> None:
    name = 'über"\r\nX-Evil: 1;/../../etc/pass%wd.html'
    path = f"/attachments/{_attachment(world, tmp_path, filename=name)}"
    assert world.client.get(path).status_code == 303
    world.person()
    world.sign_in()
    answer = world.client.get(path)
    assert answer.status_code == 200 and answer.content == b"<script>alert(1)</script>"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment; ") and "x-evil" not in answer.headers
    assert "sandbox" in answer.headers["content-security-policy"] and "no-store" in answer.headers["cache-control"]
    assert "/" not in answer.headers["content-disposition"].replace("UTF-8''", "")


def test_files_of_articles_are_downloads_for_whoever_reads_the_knowledge_base(world: World, tmp_path: Path) -> None:
    sha256 = "ab" * 32
    (tmp_path / "attachments").mkdir()
    (tmp_path / "attachments" / sha256).write_bytes(b"%PDF-1.4 form")
    with world.database.transaction() as session:
        session.add(Article(id="pause"))
        session.flush()
        session.add(
            ArticleFile(id=1, article_id="pause", filename="form.pdf", content_type="application/pdf", size=13, sha256=sha256)
        )
    assert world.client.get("/article-files/1").status_code == 303
    world.person()
    world.sign_in()
    answer = world.client.get("/article-files/1")
    assert (
        answer.status_code == 200
        and answer.content == b"%PDF-1.4 form"
        and "sandbox" in answer.headers["content-security-policy"]
    )
    assert 'filename="form.pdf"' in answer.headers["content-disposition"]
    assert world.client.get("/article-files/2").status_code == 404


def test_attachments_that_were_not_kept_say_why(world: World, tmp_path: Path) -> None:
    world.person()
    world.sign_in()
    refused = _attachment(world, tmp_path, sha256="", refused="it is larger than 10 MB")
    assert "larger than 10 MB" in world.client.get(f"/attachments/{refused}").text
    climbing = _attachment(world, tmp_path, sha256="../secret.key")
    missing = _attachment(world, tmp_path, sha256="cd" * 32)
    for number in (climbing, missing, 999):
        assert world.client.get(f"/attachments/{number}").status_code == 404


def test_stopping_closes_the_desk(make_world: MakeWorld) -> None:
    world = make_world()
    world.client.__exit__(None, None, None)
    assert world.desk.closed and world.site.enqueue() is None
    world.client.__enter__()
