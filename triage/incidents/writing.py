"""The one text for all members: written by the same agents from one member's ticket and a person's instruction, then edited.

The agents see the ticket without its sender: no name, no record, nothing but public knowledge. What speaks of that one
customer all the same becomes a slot or goes. Nothing is kept of the run but the text.
"""

import asyncio
import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlmodel import Session, col, select

from triage import audit, desk, judging, replies, workspace
from triage.accounts import access
from triage.accounts.access import Permission
from triage.briefs import Evidence, Paragraph, Reply, Sentence
from triage.casefile import CaseFile, open_case
from triage.drafts import proof
from triage.errors import AlreadyDecided, ConflictError, InputError, TriageError
from triage.improving import anonymous
from triage.incidents import slots
from triage.incidents.members import guarded, replies_of
from triage.judging import Rules
from triage.lastcheck import cited
from triage.llm.offline.notes import not_followed
from triage.llm.offline.text import ORDER_NUMBER, phrases, sentences
from triage.models import (
    Draft,
    Incident,
    IncidentMember,
    MasterDraft,
    Run,
    Ticket,
    User,
    new_id,
)
from triage.outcome import Outcome
from triage.recording import Unrecorded
from triage.seal import published_versions
from triage.spoken import spoken

if TYPE_CHECKING:
    from triage.office import Desk

logger = logging.getLogger(__name__)

CHORE = "incident_text"
_LONGEST = 20_000


def ask(
    session: Session, user: User, office: "Desk", incident_id: int, instruction: str, *, follow_up: bool = False
) -> MasterDraft:
    """Have the agents write the text, or with `follow_up` the next message to the same customers.

    Raises ConflictError while one is being written or before the incident is confirmed, InputError when there is no
    member to write from, or nothing to follow up.
    """
    incident = _open(session, user, incident_id)
    former = newest(session, incident_id)
    if former is not None and former.status == "writing":
        raise ConflictError("The agents are writing it already; it appears here.")
    if follow_up and (former is None or not sent(session, former)):
        raise InputError("Nothing was sent yet; change the text instead.")
    representative = _representative(session, incident_id)
    master = _next(former, incident_id, follow_up=follow_up)
    master.instruction, master.ticket_id, master.language = (
        instruction.strip()[:_LONGEST],
        representative.id,
        representative.language or "en",
    )
    _store(session, master, former)
    audit.append(session, "incident.text_asked", actor=f"user:{user.id}", incident=incident.id, round=master.round, instruction=master.instruction)  # fmt: skip
    office.enqueue(session, "chore", f"{CHORE}-{master.id}", CHORE, master.id)
    return master


def edit(session: Session, user: User, master_id: int, body: str) -> MasterDraft:
    """A person's wording as the newest version. Raises AlreadyDecided when another version came first, InputError for slots nobody knows."""
    former = session.get(MasterDraft, master_id, with_for_update=True)
    if former is None:
        raise InputError("There is no such text; reload the incident.")
    _open(session, user, former.incident_id)
    latest = newest(session, former.incident_id)
    if latest is None or latest.id != former.id:
        raise AlreadyDecided("Somebody changed the text while you wrote.")
    if former.status != "waiting":
        raise ConflictError("This text cannot be edited; have a new one written.")
    text = spoken(body).strip()
    if not text or len(text) > _LONGEST:
        raise InputError("The text is empty." if not text else f"The text has more than {_LONGEST:,} characters.")
    if wrong := slots.problems(text):
        raise InputError(" ".join(wrong))
    if text == former.body:
        return former
    master = _next(former, former.incident_id)
    for name in ("instruction", "ticket_id", "language", "subject", "model", "degraded", "article_versions"):
        setattr(master, name, getattr(former, name))
    master.body, master.status, master.created_by = text, "waiting", f"user:{user.id}"
    master.sentences = _judged_again(session, former, text)
    kept = {str(passage) for one in master.sentences for passage in one.get("passages") or []}  # type: ignore[attr-defined]
    master.citations = [citation for citation in former.citations if str(citation["passage"]) in kept]
    _store(session, master, former)
    audit.append(session, "incident.text_edited", actor=f"user:{user.id}", incident=master.incident_id, round=master.round, version=master.version)  # fmt: skip
    return master


async def write(office: "Desk", master_id: int) -> str:
    """The chore: write the text that was asked for; returns its status. Safe to call again at any point."""
    with office.database.read() as session:
        master = session.get(MasterDraft, master_id)
    if master is None or master.status != "writing":
        return "nothing to do"
    try:
        outcome, degraded, model = await _written(office, master)
    except TriageError as error:
        said = str(error)
        return await office.database.run(lambda session: _fail(session, master_id, said))
    except Exception:  # a bug of ours: the page must not show a text that never comes
        logger.exception("the text for incident %s broke", master.incident_id)
        said = "It broke; the desk's log has the details. Ask again, or write the text yourself."
        return await office.database.run(lambda session: _fail(session, master_id, said))
    return await office.database.run(lambda session: _finish(session, office, master_id, outcome, degraded, model))


def newest(session: Session, incident_id: int) -> MasterDraft | None:
    """The newest version of the newest message."""
    own = select(MasterDraft).where(MasterDraft.incident_id == incident_id)
    return session.exec(own.order_by(col(MasterDraft.round).desc(), col(MasterDraft.version).desc()).limit(1)).first()


def sent(session: Session, master: MasterDraft) -> bool:
    """Whether anybody got a message of this round, or is about to."""
    return any(master.round in rounds for rounds in replies_of(session, master).values())


# ---- writing ----------------------------------------------------------------------------------------------


async def _written(office: "Desk", master: MasterDraft) -> tuple[Outcome, list[str], str]:
    with office.database.read() as session:
        ticket = session.get_one(Ticket, master.ticket_id)
        run = Run(
            id=f"incident-{master.id}-{new_id()[:12]}", ticket_id=ticket.id or 0, episode_id=ticket.episode_id, cause="incident"
        )
        case = _nobodys(open_case(session, run, None, body_limit=office.settings.body_limit), _instruction(office, master))
        rules = Rules.load(session, office.settings)
    recorder = Unrecorded(office.database, run.id)
    gate = office.gate(recorder)
    crew = office.crew(case, recorder, gate, cover=rules.cover_personal_data, style=rules.style)
    try:
        async with asyncio.timeout(office.settings.run_seconds):
            screening = await judging.screen(case, recorder, rules)
            if screening.quarantine or screening.flagged:
                raise ConflictError(
                    "A guard flagged the ticket that the text was to be written from. Take it out, or write the text yourself."
                )
            outcome = await desk.draft(office, case, rules, crew, screening)
    except TimeoutError as error:
        raise ConflictError("The agents took too long. Ask again, or write the text yourself.") from error
    finally:
        await gate.close()
    return outcome, crew.degraded, "+".join(dict.fromkeys(crew.answered_by.values())) or "none"


def _nobodys(case: CaseFile, instruction: str) -> CaseFile:
    """The case without the person: public knowledge only, no name to greet, no earlier conversation."""
    ticket = Ticket(**{name: getattr(case.ticket, name) for name in Ticket.model_fields})
    ticket.identity, ticket.customer_id, ticket.requester_name = "unknown", None, ""
    brief = case.brief.model_copy(update={"requester_name": "", "verified": False, "earlier": [], "attachments": []})
    return replace(case, ticket=ticket, brief=brief, attachment_texts=[], instruction=instruction, instructed_by="the team")


def _instruction(office: "Desk", master: MasterDraft) -> str:
    """What customers should be told, as a note that the writer follows; the offline engine takes it word for word."""
    said = master.instruction
    offline = all(model.provider == "offline" for model in office.models["writer"])
    if said and offline and not_followed([said]) and '"' not in said:
        return f'Add "{said}"'
    return said


def _finish(session: Session, office: "Desk", master_id: int, outcome: Outcome, degraded: list[str], model: str) -> str:
    master = session.get_one(MasterDraft, master_id, with_for_update=True)
    if master.status != "writing":
        return master.status
    if outcome.reply is None:
        return _fail(session, master_id, outcome.error or "The agents had nothing to say. Ask again, or write the text yourself.")
    ticket = session.get_one(Ticket, master.ticket_id)
    language = (outcome.plan.language if outcome.plan else "") or master.language
    paragraphs, rows = _without_the_person(
        outcome.reply, outcome.sentences, [ticket.requester_name, ticket.requester_email], language
    )
    signature = str(workspace.get(session, "signature")) or office.settings.mail_from_name
    incident = session.get_one(Incident, master.incident_id)
    master.body = f"{Reply(subject='', paragraphs=paragraphs).body}\n{signature}"
    master.subject, master.language = incident.title, language
    master.sentences = replies.locate(master.body, rows)
    master.citations = proof.evidence_rows(outcome.evidence, rows)
    master.article_versions = published_versions(session, sorted({str(citation["article"]) for citation in master.citations}))
    master.model, master.degraded, master.status = model, degraded, "waiting"
    session.add(master)
    return master.status


def _without_the_person(
    reply: Reply, rows: list[dict[str, object]], names: list[str], language: str
) -> tuple[list[Paragraph], list[dict[str, object]]]:
    """The reply with slots for what is each customer's own; sentences that still speak of one person are left out."""
    said = phrases(language)
    greeting = str(said["hello_formal" if language == "de" else "hello"])
    left = iter(rows)
    paragraphs, kept = [], []
    for number, paragraph in enumerate(reply.paragraphs):
        chosen = []
        for sentence in paragraph.sentences:
            row = next(left)
            text = _slotted(sentence.text, names)
            if number == 0 and text.strip() in (said["hello_nobody"], str(said["hello"]).format(name="").strip()):
                text = greeting.format(name="{{name}}")
            own = any(source == "customer" or source.startswith("order:") for source in sentence.passages)
            if own or anonymous.is_personal(text, names):
                continue
            chosen.append(sentence.model_copy(update={"text": text}))
            kept.append({**row, "text": text})
        if chosen:
            paragraphs.append(paragraph.model_copy(update={"sentences": chosen}))
    return paragraphs, kept


def _slotted(text: str, names: list[str]) -> str:
    """Order numbers and the sender's name as slots."""
    text = ORDER_NUMBER.sub("{{order}}", text)
    for name in names:
        if len(name) > 2:
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "{{name}}", text)
    return re.sub(r"\{\{name\}\}(?:\s+\{\{name\}\})+", "{{name}}", text)


def _fail(session: Session, master_id: int, error: str) -> str:
    master = session.get_one(MasterDraft, master_id, with_for_update=True)
    if master.status == "writing":
        master.status, master.error = "failed", error
        session.add(master)
    return master.status


# ---- storing ----------------------------------------------------------------------------------------------


def _open(session: Session, user: User, incident_id: int) -> Incident:
    access.require(access.fresh(session, user), Permission.WORK_INBOX)
    incident = session.get(Incident, incident_id, with_for_update=True)
    if incident is None:
        raise InputError(f"There is no incident {incident_id}.")
    if incident.state != "open":
        raise ConflictError(
            "Confirm the incident first." if incident.state == "proposed" else f"This incident is {incident.state}."
        )
    return incident


def _representative(session: Session, incident_id: int) -> Ticket:
    """The member nearest to the middle, of the language that most members write; never one whose words a guard flagged."""
    statement = (
        select(Ticket)
        .join(IncidentMember, col(IncidentMember.ticket_id) == Ticket.id)
        .where(IncidentMember.incident_id == incident_id, col(IncidentMember.out).is_(False))
        .order_by(col(IncidentMember.nearness).desc(), col(Ticket.id))
    )
    tickets = [ticket for ticket in session.exec(statement) if ticket.risk != "high" and not guarded(session, ticket)]
    if not tickets:
        raise InputError("There is no member to write from: put tickets in that no guard has an eye on.")
    spoken = [ticket.language for ticket in tickets]
    language = max(spoken, key=spoken.count)
    return next(ticket for ticket in tickets if ticket.language == language)


def _next(former: MasterDraft | None, incident_id: int, *, follow_up: bool = False) -> MasterDraft:
    if former is None:
        return MasterDraft(incident_id=incident_id)
    if follow_up:
        return MasterDraft(incident_id=incident_id, round=former.round + 1)
    return MasterDraft(incident_id=incident_id, round=former.round, version=former.version + 1)


def _store(session: Session, master: MasterDraft, former: MasterDraft | None) -> None:
    if former is not None and former.status in ("waiting", "failed"):
        former.status = "superseded"
        session.add(former)
    session.add(master)
    session.flush()


def _judged_again(session: Session, former: MasterDraft, text: str) -> list[dict[str, object]]:
    """The sentences of an edited text: those that stayed as they were, the others as a person's own, their numbers held against the sources."""
    known = {str(one["text"]).strip(): one for one in former.sentences}
    places = sorted((text.find(said), said) for said in known if said in text)
    rest, position, parts = [], 0, list[tuple[int, dict[str, object]]]()
    for start, said in places:
        if start >= position:
            rest.append((position, text[position:start]))
            parts.append((start, known[said]))
            position = start + len(said)
    rest.append((position, text[position:]))
    passages = cited(session, Draft(ticket_id=0, episode_id=0, citations=list(former.citations)))
    for start, piece in rest:
        parts += [(start + piece.find(said), _own_words(said, passages)) for said in sentences(piece)]
    return replies.locate(text, [row for _, row in sorted(parts, key=lambda pair: pair[0])])


def _own_words(said: str, passages: list[Evidence]) -> dict[str, Any]:
    sentence = Sentence(text=said, kind="courtesy", passages=[])
    return judging.support(Reply(subject="", paragraphs=[Paragraph(style="text", sentences=[sentence])]), passages, None, "")[0]
