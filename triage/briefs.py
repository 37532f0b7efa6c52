"""What each agent is asked and what it answers: the typed values that travel along the flow.

A *brief* goes in (rendered to a prompt for a language model, read as it is by the offline model), a typed
answer comes out. Every field of an answer has a description: it becomes part of the schema a model sees.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from triage.models import EscalationReason, Priority, Sentiment

Language = Annotated[str, Field(description="ISO 639-1 code of the language the customer wrote in, such as en or de.")]


class Value(BaseModel):
    """Base of all values: frozen, and nothing unknown gets in."""

    model_config = ConfigDict(frozen=True, extra="forbid")


# ---- what code knows before an agent is asked -------------------------------------------------------------


class Evidence(Value):
    """A passage of the knowledge base, as found by a search."""

    id: str
    article: str
    version: int
    title: str
    heading: str = ""
    text: str
    language: str = "en"
    audience: str = "public"
    category: str = ""
    score: float = 0.0
    why: str = ""


class Precedent(Value):
    """A like question that was solved before, without personal data: shows how colleagues answer, and is no source."""

    case: int
    ticket: int
    question: str
    answer: str
    articles: list[str] = []
    day: str = ""
    score: float = 0.0


class CategoryCard(Value):
    slug: str
    title: str
    description: str = ""
    default_priority: str = "normal"


class Neighbour(Value):
    """A labelled example message and how near it is, by cosine similarity (-1 to 1)."""

    text: str
    category: str
    similarity: float


class Suggestion(Value):
    """What the fitted classifier of the categories says: the best ones with their probabilities, or that none fits."""

    ranking: list[tuple[str, float]]
    abstain: bool = False


class EarlierMessage(Value):
    direction: Literal["in", "out", "note"]
    body: str


class TicketBrief(Value):
    """The customer's message as agents see it: visible text only, quoted history folded away."""

    ticket_id: int
    subject: str
    body: str
    channel: str = "email"
    language: str = ""
    requester_name: str = ""
    verified: bool = False
    earlier: list[EarlierMessage] = []
    attachments: list[str] = []
    suspicious: bool = False


class OrderCard(Value):
    number: str
    status: str
    placed: str
    delivered: str = ""
    total: str = ""
    carrier: str = ""
    tracking: str = ""
    items: list[str] = []


class CustomerCard(Value):
    """What the desk knows of the ticket's own, verified customer."""

    name: str
    tier: str = "standard"
    since: str = ""
    language: str = "en"
    machine: str = ""
    subscription: str = ""
    orders: list[OrderCard] = []
    past: list[str] = []


# ---- manager ----------------------------------------------------------------------------------------------


class ActionRequest(Value):
    """Something the customer wants done to the world; agents only name it, code decides, people act."""

    action: str = Field(
        description="Verb and object in snake_case, such as issue_refund, delete_account, cancel_order, resend_parcel."
    )
    target: str = Field(description="What it concerns: an order number, 'account', a subscription; empty when unknown.")
    amount: str = Field(description="Amount with currency as the customer wrote it; empty when none.")
    reason: str = Field(description="The customer's reason in a few words.")


class PlanBrief(Value):
    """`languages` are those of the knowledge base, the one of most articles first."""

    ticket: TicketBrief
    categories: list[CategoryCard]
    neighbours: list[Neighbour] = []
    suggestion: Suggestion | None = None
    signals: list[str] = []
    languages: list[str] = []


class Plan(Value):
    """The manager's one plan; fixed before any tool output is read."""

    action: Literal["answer", "clarify", "escalate"] = Field(
        description="answer when the knowledge base may answer, clarify when needed information is missing, escalate when a person must decide."
    )
    category: str = Field(description="Slug of the best category from the list given; empty when none fits.")
    priority: Priority = Field(description="urgent: safety or outage; high: angry, blocked or deadline; normal; low: no hurry.")
    sentiment: Sentiment = Field(description="The customer's mood.")
    language: Language
    summary: str = Field(description="The matter in one sentence for the support team.")
    questions: list[str] = Field(description="Every question to answer, each as one stand-alone question in English.")
    searches: list[str] = Field(
        description="One to six searches for the knowledge base, each of which stands alone, spelling mended."
    )
    missing: list[str] = Field(description="Information needed from the customer; empty unless action is clarify.")
    escalation_reason: EscalationReason | None = Field(description="Why a person must decide; null unless action is escalate.")
    requested_actions: list[ActionRequest] = Field(
        description="What the customer asks to have done; empty when only information is asked."
    )
    risk: Literal["low", "medium", "high"] = Field(
        description="high: money, law, safety, data; medium: upset or unsure; low otherwise."
    )
    confidence: float = Field(description="0 to 1: how sure you are of category and action.")


# ---- ranker -----------------------------------------------------------------------------------------------


class RelevanceBrief(Value):
    questions: list[str]
    passages: list[Evidence]


class Grade(Value):
    passage: str = Field(description="Id of the passage.")
    grade: Literal[0, 1, 2, 3] = Field(description="3 answers in full, 2 in part, 1 same matter, 0 beside the point.")


class Relevance(Value):
    """How far each passage answers the questions."""

    grades: list[Grade] = Field(description="One grade for every passage given.")


# ---- rewriter ---------------------------------------------------------------------------------------------


class ReadingBrief(Value):
    question: str
    language: str


class Reading(Value):
    """A question as the help centre would put it."""

    search: str = Field(description="The question in the language asked for, in one to three short sentences.")

    @field_validator("search")
    @classmethod
    def _says_something(cls, said: str) -> str:
        """Not in the schema: services with strict output refuse limits of length."""
        if not said.strip() or len(said) > 600:
            raise ValueError("must be one to three short sentences")
        return said.strip()


# ---- analyst ----------------------------------------------------------------------------------------------


class AnalystBrief(Value):
    ticket: TicketBrief
    plan: Plan
    passages: list[Evidence]
    customer: CustomerCard | None = None
    precedents: list[Precedent] = []


class Fact(Value):
    text: str = Field(description="One fact that helps to answer, in English.")
    source: str = Field(description="Id of the passage it stands in, or customer, order:NUMBER, or ticket.")


class Facts(Value):
    """What is known of the customer and the matter, each with its source."""

    facts: list[Fact] = Field(description="Facts that help to answer, each with its source.")
    unanswered: list[str] = Field(description="Questions of the plan that no source answers, word for word.")
    requested_actions: list[ActionRequest] = Field(description="Further actions the customer asks for; empty when none.")


# ---- writer -----------------------------------------------------------------------------------------------


class WriterBrief(Value):
    ticket: TicketBrief
    plan: Plan
    facts: Facts
    passages: list[Evidence]
    customer: CustomerCard | None = None
    kind: Literal["reply", "clarify", "holding"] = "reply"
    company: str
    style: list[str] = []
    notes: list[str] = []
    previous: str = ""
    precedents: list[Precedent] = []


FACTUAL = ("fact", "step")
"""Kinds of sentences that state how something is or works."""


class Sentence(Value):
    text: str = Field(description="One sentence in the customer's language.")
    kind: Literal["fact", "courtesy", "question", "step"] = Field(
        description="fact or step when it states how something is or works; question to the customer; courtesy otherwise."
    )
    passages: list[str] = Field(
        description="Ids of the passages, or customer or order:NUMBER, that support a fact or step; else empty."
    )


class Paragraph(Value):
    style: Literal["text", "steps"] = Field(description="steps for a numbered list, one sentence a step; else text.")
    sentences: list[Sentence] = Field(description="The sentences in order.")


class Reply(Value):
    """A reply sentence by sentence, so that each can be held against its source."""

    subject: str = Field(description="Subject line of the reply.")
    paragraphs: list[Paragraph] = Field(description="The whole reply with greeting and closing, without a signature.")

    @property
    def sentences(self) -> list[Sentence]:
        return [sentence for paragraph in self.paragraphs for sentence in paragraph.sentences]

    @property
    def body(self) -> str:
        """The reply as plain text: paragraphs apart by a blank line, steps numbered."""
        blocks = []
        for paragraph in self.paragraphs:
            texts = [sentence.text.strip() for sentence in paragraph.sentences]
            if paragraph.style == "steps":
                blocks.append("\n".join(f"{n}. {text}" for n, text in enumerate(texts, 1)))
            else:
                blocks.append(" ".join(texts))
        return "\n\n".join(block for block in blocks if block)


# ---- reviewer ---------------------------------------------------------------------------------------------


class ReviewerBrief(Value):
    ticket: TicketBrief
    plan: Plan
    facts: Facts
    reply: Reply
    passages: list[Evidence]
    policies: list[Evidence] = []
    kind: Literal["reply", "clarify", "holding"] = "reply"
    unsupported: list[str] = []
    asked: list[str] = []
    """What a person of the team asks the reviewer to see to."""


class Note(Value):
    topic: Literal["policy", "grounding", "tone", "completeness"] = Field(description="What the note is about.")
    text: str = Field(description="What to change, in one sentence that the writer can act on.")


class Review(Value):
    verdict: Literal["approve", "revise"] = Field(description="approve when a person can be asked to send it as it is.")
    notes: list[Note] = Field(description="What to change; empty when approved.")
    unanswered: list[str] = Field(description="Questions of the plan that the reply leaves open.")
    confidence: float = Field(description="0 to 1: how sure you are that the reply is right and complete.")


# ---- judge ------------------------------------------------------------------------------------------------


class JudgeBrief(Value):
    sentences: list[Sentence]
    passages: list[Evidence]


class Judgement(Value):
    sentence: int = Field(description="Number of the sentence, as given.")
    supported: bool = Field(description="Whether the sources say all of it.")
    passage: str | None = Field(description="Id of the passage or record that carries it or comes nearest; null when none does.")
    reason: str = Field(description="What is missing or differs, in one sentence; empty when it is supported.")


class Judgements(Value):
    """Whether each sentence stands in its sources."""

    judgements: list[Judgement] = Field(description="One judgement for every sentence given.")


# ---- verifier ---------------------------------------------------------------------------------------------


class SettledBrief(Value):
    messages: list[str]


class Settled(Value):
    """Whether a customer's matter is settled, as far as its conversation tells."""

    settled: Literal["yes", "no", "unsure"] = Field(description="yes when all that was asked is answered and nothing is open.")
    reason: str = Field(description="What settles it or is open, in one plain sentence.")


# ---- questions about the desk's own figures ----------------------------------------------------------------


class AskBrief(Value):
    """A manager's question. `today` is the team's day; names of colleagues are for the offline engine alone."""

    question: str
    today: str
    dialect: str
    categories: dict[str, str]
    people: list[str] = []


class Query(Value):
    """SQL that answers a question about the desk, or why there is none."""

    sql: str = Field(description="One SELECT over the listed views; empty when they cannot answer the question.")
    said: str = Field(description="One plain sentence: what the query counts, over which time; or why it cannot be answered.")
    metrics: list[str] = Field(description="Names of listed metrics that the question is about; empty when none is.")
