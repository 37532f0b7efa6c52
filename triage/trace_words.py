"""A recorded run in plain words: what each step did, and one paragraph that says what happened and why."""

import json
import re
from collections.abc import Sequence
from typing import Any

from triage.models import Run, RunStep, Ticket

AGENTS = {
    "manager": "Manager plans",
    "analyst": "Analyst collects facts",
    "writer": "Writer drafts",
    "reviewer": "Reviewer checks",
    "ranker": "Passages are judged",
    "judge": "Sentences are judged",
}
TOOLS = {
    "search_knowledge": "Searches the knowledge base",
    "lookup_customer": "Reads the customer's record",
    "order_status": "Looks up an order",
    "past_tickets": "Reads past tickets",
    "propose_action": "Notes a wish for people to decide",
}
SOURCES = {
    "knowledge": "Searches the knowledge base",
    "customer": "Reads the customer's record",
    "policies": "Searches the policies",
    "relevance": "Looks for what was judged before",
}
CAUSES = {
    "message": "New message",
    "reply": "The customer wrote again",
    "changes": "A person asked for changes",
    "redraft": "Written anew after a change",
    "retry": "Tried again",
    "release": "Let in from quarantine",
}
OUTCOMES = {
    "awaiting_approval": "draft waits for approval",
    "needs_info": "question to the customer waits",
    "escalated": "escalated to people",
    "quarantined": "put into quarantine",
    "failed": "failed",
    "overtaken": "overtaken by a new message",
}
REASONS = {
    "customer_request": "the customer asked for a person",
    "missing_knowledge": "the knowledge base does not answer it",
    "unsupported_request": "it asks for something agents may not do",
    "policy_restriction": "a policy leaves it to people",
    "guardrail_block": "a guard stopped it",
    "low_confidence": "the agents were not sure enough",
    "tool_failure": "something the agents need did not work",
    "budget_exceeded": "a limit of tokens or money was reached",
    "pending_clarification": "information from the customer is missing",
    "spam": "it looks like spam",
    "auto_reply": "it is an automatic reply",
    "bounce": "it is a bounced message",
    "loop": "it is our own mail coming back",
    "malformed": "it cannot be read as a message",
    "oversized": "it is too large",
    "wrong_recipient": "it is meant for somebody else",
    "injection": "it carries instructions meant for the agents",
}


def agent(role: str) -> str:
    return AGENTS.get(role, role.replace("_", " ").capitalize() or "Agents")


def cause(name: str) -> str:
    return CAUSES.get(name, name.replace("_", " ").capitalize())


def outcome(name: str, status: str = "") -> str:
    if not name:
        return "at work" if status == "running" else status or "unknown"
    return OUTCOMES.get(name, name.replace("_", " "))


def field(path: str) -> str:
    """Where in a step a value stands, such as "What went in › message 2 › content" for request.messages[1].content."""
    first, _, rest = path.replace("response.text.", "response.").partition(".")  # a model's answer is all text
    names = [re.sub(r"s?\[(\d+)\]", lambda at: f" {int(at[1]) + 1}", part).replace("_", " ") for part in rest.split(".") if part]
    return " › ".join([_FIELDS.get(first, first.capitalize()), *names])


_FIELDS = {"request": "What went in", "response": "What came out", "model": "The model asked", "error": "The error"}


def reason(code: str | None) -> str:
    return REASONS.get(code or "", (code or "").replace("_", " "))


def span_name(name: str) -> str:
    return name.replace("_", " ").replace("triage.", "").strip().capitalize()


def step(kind: str, name: str) -> str:
    """A step in a few words."""
    if kind == "model":
        return "Offline engine answers" if name == "offline" else f"{name} answers"
    if kind == "tool":
        return TOOLS.get(name, name.replace("_", " ").capitalize())
    if kind == "retrieval":
        return SOURCES.get(name, f"Searches {name.replace('_', ' ')}")
    if kind == "guard":
        return f"Guards check the {name.replace('_', ' ')}".strip() if name else "Guards check"
    return f"{kind} {name}".strip().capitalize()


def story(run: Run, ticket: Ticket, steps: Sequence[RunStep]) -> list[str]:
    """What happened and why, a sentence a stage, from what the agents answered."""
    sentences = [_why_started(run)]
    told: list[str] = []
    for step_ in steps:
        kind, answer = answer_of(step_)
        sentences += _revised(answer) if kind == "Reply" and kind in told else _TELL[kind](answer) if kind else []
        told.append(kind)
    if blocks := _blocks(steps):
        sentences.append(f"Guards stopped it: {'; '.join(blocks)}.")
    sentences += [f"{sentence.rstrip('.')}." for sentence in run.degraded]
    sentences.append(_ending(run, ticket))
    sentences.append(_KEPT.get(run.recording, ""))
    return [sentence for sentence in sentences if sentence]


_KEPT = {
    "redacted": "Personal data were taken out of its record, so it cannot be replayed.",
    "none": "The content of its steps was not kept, so it cannot be replayed.",
    "expired": "The content of its steps was removed when its time was over, so it cannot be replayed.",
}


def _why_started(run: Run) -> str:
    return {
        "message": "A new message came in.",
        "reply": "The customer wrote again.",
        "changes": "A person asked for changes to the draft.",
        "redraft": "Something had changed, and a person had the draft written anew.",
        "retry": "A person had the agents try again.",
        "release": "A person let the message in from quarantine.",
    }.get(run.cause, "")


def _plan(answer: dict[str, Any]) -> list[str]:
    kind = str(answer.get("action"))
    questions, summary = len(_list(answer.get("questions"))), str(answer.get("summary") or "").strip().rstrip(".")
    meant = f" “{summary}”" if summary else " the matter"
    did = {
        "answer": f"planned to answer {_count(questions, 'question')}",
        "clarify": "planned to ask for missing information",
        "escalate": "left it to people"
        + (f", because {reason(str(answer['escalation_reason']))}" if answer.get("escalation_reason") else ""),
    }.get(kind, "made a plan")
    told = [f"The manager understood{meant} and {did}."]
    if wishes := [str(wish.get("action", "")).replace("_", " ") for wish in _list(answer.get("requested_actions"))]:
        told.append(f"The customer wants done: {', '.join(wishes)}; people decide that.")
    return told


def _facts(answer: dict[str, Any]) -> list[str]:
    open_ones = len(_list(answer.get("unanswered")))
    found = f"The analyst found {_count(len(_list(answer.get('facts'))), 'fact')}"
    return [found + (f" and no source for {_count(open_ones, 'question')}." if open_ones else ".")]


def _reply(answer: dict[str, Any]) -> list[str]:
    sentences = [s for paragraph in _list(answer.get("paragraphs")) for s in _list(paragraph.get("sentences"))]
    cited = sum(bool(s.get("passages")) for s in sentences)
    return [f"The writer drafted {_count(len(sentences), 'sentence')}, {cited} of them with a source."]


def _revised(answer: dict[str, Any]) -> list[str]:
    return [_reply(answer)[0].replace("drafted", "revised it to", 1)]


def _review(answer: dict[str, Any]) -> list[str]:
    if answer.get("verdict") == "approve":
        return ["The reviewer approved it."]
    notes = [str(note.get("text", "")).strip().rstrip(".") for note in _list(answer.get("notes"))]
    return ["The reviewer asked for a revision" + (f": {'; '.join(notes[:3])}." if notes else ".")]


_TELL = {"Plan": _plan, "Facts": _facts, "Reply": _reply, "Review": _review}


def answer_of(step_: RunStep) -> tuple[str, dict[str, Any]]:
    """The type and the fields of a model's answer; ("", {}) when there is none. Known by its fields, not by its request."""
    if step_.kind != "model":
        return "", {}
    answer = parsed(step_.response.get("text"))
    if not isinstance(answer, dict):
        return "", {}
    marks = {"searches": "Plan", "facts": "Facts", "paragraphs": "Reply", "verdict": "Review"}
    return next((name for mark, name in marks.items() if mark in answer), ""), answer


def _blocks(steps: Sequence[RunStep]) -> list[str]:
    """Why guards blocked, each reason once."""
    found: list[str] = []
    for step_ in steps:
        for verdict in verdicts(step_.response) if step_.kind == "guard" else []:
            if verdict.get("verdict") == "block":
                found.append(str(verdict.get("why") or verdict.get("rule") or "blocked").rstrip("."))
    return list(dict.fromkeys(found))


def _ending(run: Run, ticket: Ticket) -> str:
    if run.status == "running":
        return "The agents are still at work."
    if run.outcome == "overtaken":
        return "The customer wrote while the agents worked, so the result was dropped and a new run started."
    if run.status == "failed" or run.outcome == "failed":
        return f"It failed: {(run.error or 'no reason was recorded').rstrip('.')}."
    if run.outcome in ("escalated", "quarantined"):
        because = reason(ticket.reason) if ticket.status == run.outcome else ""
        return f"It was {OUTCOMES[run.outcome]}" + (f", because {because}." if because else ".")
    ends = {
        "awaiting_approval": "A draft was laid before people.",
        "needs_info": "A question to the customer was laid before people.",
    }
    return ends.get(run.outcome, "")


def verdicts(response: dict[str, Any]) -> list[dict[str, Any]]:
    """The verdicts in a guard step's response, whichever way it keeps them."""
    held = response.get("verdicts", response)
    return (
        [verdict for verdict in held if isinstance(verdict, dict)] if isinstance(held, list) else [response] if response else []
    )


def parsed(text: object) -> Any:
    """The value of a JSON text; the text itself when it is none."""
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def readable(value: object) -> str:
    """A JSON value over several lines, for people."""
    return json.dumps(value, ensure_ascii=False, indent=1, default=str)


def plain(value: object) -> str:
    """A JSON value as lines of names and values, for people; texts as they are."""
    if isinstance(value, dict) and value:
        return "\n".join(_named(f"{str(name).replace('_', ' ')}:", item) for name, item in value.items())
    if isinstance(value, list) and value:
        return "\n".join(f"- {_indented(item)}" for item in value)
    if value in ({}, []):
        return "none"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _named(name: str, value: object) -> str:
    below = "\n  " if isinstance(value, dict | list) and value else " "
    return name + below + _indented(value)


def _indented(value: object) -> str:
    return plain(value).replace("\n", "\n  ")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _list(value: object) -> list[Any]:
    return list(value) if isinstance(value, list) else []
