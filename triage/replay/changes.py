"""What a fork tries otherwise than the run it comes from."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from triage.agents import prompts
from triage.errors import InputError


@dataclass(frozen=True)
class Changes:
    """Texts and models by role, an article's text or stored version by its id, and the answer of the last step taken over."""

    prompts: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, str] = field(default_factory=dict)
    article: str = ""
    article_body: str = ""
    article_version: int | None = None
    result: Any = None

    def check(self, steps: int) -> None:
        """Raises InputError for a role that does not exist, an article without a text, or an answer with no step to be of."""
        for role in (*self.prompts, *self.models):
            if role not in prompts.ROLES:
                raise InputError(f"There is no agent called {role[:60]!r}; choose one of {', '.join(prompts.ROLES)}.")
        if self.article and not (self.article_body or self.article_version is not None):
            raise InputError("Say which version of the article, or give its text.")
        if self.result is not None and steps < 1:
            raise InputError("A result takes the place of the last step's answer, so at least one step must be taken over.")
        if not any(value for value in asdict(self).values()):
            raise InputError("A fork changes something: a prompt, a model, an article or a result.")

    def to_json(self) -> dict[str, Any]:
        """As it is kept with the fork, without what was left alone."""
        return {name: value for name, value in asdict(self).items() if value}

    def sentence(self) -> str:
        """In a few words, such as "another prompt for the writer; article returns in version 3"."""
        parts = [f"another prompt for the {role}" for role in self.prompts]
        parts += [f"{model} as the {role}" for role, model in self.models.items()]
        if self.article:
            parts.append(
                f"article {self.article} "
                + (f"in version {self.article_version}" if self.article_version else "with another text")
            )
        if self.result is not None:
            parts.append("another answer of the last step taken over")
        return "; ".join(parts)


def read(kept: Mapping[str, Any]) -> Changes:
    """The changes of a stored fork."""
    return Changes(**kept)
