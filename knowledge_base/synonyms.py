"""The administrators' list of synonyms: groups of terms that mean the same to customers and articles."""

from collections.abc import Sequence

import yaml
from sqlmodel import Session, col, select

from knowledge_base.articles import next_generation
from triage import audit
from triage.errors import InputError
from triage.models import SynonymGroup

MOST_TERMS, LONGEST = 12, 60
LARGEST = 1_000_000  # bytes of a list that is read


def listing(session: Session) -> list[SynonymGroup]:
    """Every group, by its first term."""
    return sorted(session.exec(select(SynonymGroup)), key=lambda group: group.terms[0].lower())


def lists(session: Session) -> list[list[str]]:
    """The terms of every group, oldest first."""
    return [list(terms) for terms in session.exec(select(SynonymGroup.terms).order_by(col(SynonymGroup.id)))]


def write(groups: Sequence[Sequence[str]]) -> str:
    """The list as YAML, which `read` reads back."""
    return yaml.safe_dump([list(group) for group in groups], allow_unicode=True)


def read(data: bytes) -> list[list[str]]:
    """The groups of a list that `write` wrote. Raises InputError for anything else."""
    problem = "this is no list of synonyms; write lists of terms, such as: - [VAT, value added tax]"
    if len(data) > LARGEST:
        raise InputError(f"a list of synonyms has at most {LARGEST:,} bytes; split it.")
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(data)):
            raise InputError(problem)
        groups = yaml.safe_load(data)
    except (yaml.YAMLError, UnicodeError, ValueError) as error:
        raise InputError(problem) from error
    if not isinstance(groups, list) or not all(isinstance(group, list) and group for group in groups):
        raise InputError(problem)
    return [[str(term) for term in group] for group in groups]


def add(session: Session, terms: Sequence[str], *, author: str) -> SynonymGroup:
    """Add a group of two terms or more; searches know it within seconds.

    Raises InputError for a group of one, for too many or too long terms, and for a term that stands in another group.
    """
    wanted = list({term.lower(): term for raw in terms if (term := " ".join(raw.split()))}.values())
    if len(wanted) < 2:
        raise InputError("A group needs two different terms or more, such as: VAT, value added tax.")
    if len(wanted) > MOST_TERMS:
        raise InputError(f"A group has at most {MOST_TERMS} terms; make two of it.")
    if long := next((term for term in wanted if len(term) > LONGEST), None):
        raise InputError(f"“{long[:40]}…” is longer than {LONGEST} characters; give the words that customers use.")
    taken = {term.lower(): group for group in listing(session) for term in group.terms}
    if double := next((term for term in wanted if term.lower() in taken), None):
        raise InputError(f"“{double}” stands in the group {', '.join(taken[double.lower()].terms)}; remove that one first.")
    next_generation(session)  # every process reads its words again
    group = SynonymGroup(terms=wanted, author=author)
    session.add(group)
    session.flush()
    audit.append(session, "synonyms.added", actor=author or "system", terms=", ".join(wanted))
    return group


def remove(session: Session, group_id: int, *, author: str) -> None:
    """Remove a group. Raises InputError when there is none, for somebody may have been quicker."""
    group = session.get(SynonymGroup, group_id)
    if group is None:
        raise InputError("This group of synonyms is gone already; load the list again.")
    next_generation(session)
    session.delete(group)
    session.flush()
    audit.append(session, "synonyms.removed", actor=author or "system", terms=", ".join(group.terms))
