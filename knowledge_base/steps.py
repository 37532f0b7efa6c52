"""The steps of a search, each of which can be switched off: for a base that does not want it, and to measure its gain."""

from dataclasses import dataclass, fields, replace

from triage.errors import InputError


@dataclass(frozen=True)
class Steps:
    """All on by default.

    meaning: candidates by vectors. words: candidates by BM25F, and a word score. centring: what all passages have in
    common is taken out of vectors. spelling: words the base does not know are corrected. synonyms: abbreviations of the
    base and an administrator's list. translation: a question in a language that hardly any passage has is searched by its
    reading in the base's language too. parts: the sentences of a long mail that say most are looked up by themselves.
    heading: titles that say what is asked. neighbours: a passage is lifted by passages like it that match too.
    identifiers: codes and numbers exactly. folding: of passages that say the same only the best is shown. spread: each
    question of a mail has its best passage among the results. kept: what people kept before goes first. freshness:
    articles that were long not looked at go a little lower. kind: rules go first where a rule is asked for, and last where
    not. product: articles about a product that the question names. category: that of the labelled examples nearest to the
    question, when the caller wants none.
    """

    meaning: bool = True
    words: bool = True
    centring: bool = True
    spelling: bool = True
    synonyms: bool = True
    translation: bool = True
    parts: bool = True
    heading: bool = True
    neighbours: bool = True
    identifiers: bool = True
    folding: bool = True
    spread: bool = True
    kept: bool = True
    freshness: bool = True
    kind: bool = True
    product: bool = True
    category: bool = True

    @classmethod
    def without(cls, *names: str) -> "Steps":
        """All steps but these; raises InputError for a name that is none."""
        known = [field.name for field in fields(cls)]
        if unknown := sorted(set(names) - set(known)):
            raise InputError(f"A search has no step {', '.join(unknown)}; use {', '.join(known)}.")
        return replace(cls(), **dict.fromkeys(names, False))
