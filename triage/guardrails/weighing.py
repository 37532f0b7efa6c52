"""Code and a model on the same sentence: which of the two decides whether it is supported.

A sentence is supported only if neither objects, with one exception: where code misses nothing but words in common, a judge that
names a passage or a record as the source clears it, for it may say the same in other words or another language. What code finds
of numbers, dates, amounts, names, links or contradictions no judge clears. Where the two differ, the row says so for the approver.
"""

from collections.abc import Collection, Mapping, Sequence

from triage.briefs import Judgement

Row = dict[str, object]


def weigh(rows: Sequence[Row], judged: Mapping[int, Judgement], sources: Collection[str], model: str) -> list[Row]:
    """The rows (triage.judging.support) with what `model` said of them; `sources` are the ids it may name."""
    return [_weighed(row, judged[n], sources, model) if n in judged else row for n, row in enumerate(rows)]


def _weighed(row: Row, said: Judgement, sources: Collection[str], model: str) -> Row:
    known = said.passage in sources
    opinion = {
        "model": model,
        "supported": said.supported,
        "why": said.reason.strip(),
        "passage": said.passage if known else None,
    }
    weighed = row | {"judge": opinion}
    if row["supported"] and not said.supported:
        return weighed | {"supported": False, "why": f"The judge finds no source for it: {opinion['why'] or 'it gave no reason'}"}
    if not row["supported"] and said.supported and not row["firm"] and known:
        why = "It shares few words with its source; the judge found it there."
        return weighed | {
            "judge": opinion | {"cleared": True},
            "supported": True,
            "why": why,
            "passages": row["passages"] or [said.passage],
        }
    return weighed
