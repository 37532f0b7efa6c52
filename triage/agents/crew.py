"""The crew of one run: who may use which model and tools, within which limits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from triage.agents.loop import explain, run_agent
from triage.agents.prompts import objective
from triage.agents.spotlight import fence, marker_for
from triage.agents.toolbox import ToolContext, toolset
from triage.errors import BadAnswer, TurnLimit
from triage.llm.chain import Chain
from triage.llm.protocol import Gate, Model, Request
from triage.settings import Settings

Output = TypeVar("Output", bound=BaseModel)
NO_LIMIT = 10**12  # tokens


@dataclass
class Crew:
    """Everything the agents of one run share.

    `models` come from `triage.llm.models_for`; `marker` is derived from the run's id unless a replay or fork
    gives its parent's. `style` are the desk's style rules. After the run `degraded` names each step down and `answered_by` who spoke for each role.
    """

    settings: Settings
    models: dict[str, list[Model]]
    gate: Gate
    context: ToolContext
    marker: str = ""
    style: tuple[str, ...] = ()
    prompts: Mapping[str, str] = field(default_factory=dict)
    """Texts in place of the roles' own prompts: a fork tries others."""
    degraded: list[str] = field(default_factory=list)
    answered_by: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.marker = self.marker or marker_for(self.context.recorder.run_id)

    def fenced(self, label: str, text: str) -> str:
        return fence(self.marker, label, text)

    async def ask(
        self,
        role: str,
        *,
        prompt: str,
        brief: BaseModel,
        output: type[Output],
        check: Callable[[Output], str | None] | None = None,
    ) -> Output:
        """The role's typed answer. A model that cannot give one makes way for the next; the last one's error is raised."""
        recorder = self.context.recorder
        chain = Chain(self.models[role], self.gate, recorder, self.degraded)
        tools = toolset(self.context.tools(role), self.context, wrap=lambda text: self.fenced("RESULT", text))
        while True:
            try:
                value = await run_agent(
                    role=role,
                    objective=self._objective(role),
                    prompt=prompt,
                    brief=brief,
                    model=chain,
                    tools=tools,
                    output=output,
                    turns=self.settings.turn_limit,
                    tokens=self.settings.ticket_token_limit or NO_LIMIT,
                    recorder=recorder,
                    check=check,
                )
            except (BadAnswer, TurnLimit) as error:
                chain.step_down(error)
            else:
                self.answered_by[role] = chain.answered_by
                return value

    def _objective(self, role: str) -> str:
        style = self.style if role == "writer" else ()
        return objective(role, self.settings, style, text=self.prompts.get(role, ""))

    async def once(self, role: str, model: Model, *, prompt: str, brief: BaseModel, output: type[Output]) -> Output:
        """One call of one model, without tools and without a second try. Raises what the model raises, or BadAnswer."""
        messages = [
            {"role": "system", "content": self._objective(role)},
            {"role": "user", "content": prompt},
        ]
        chain = Chain([model], self.gate, self.context.recorder, self.degraded)
        response = await chain.answer(Request(role, messages, output, brief))
        try:
            return output.model_validate_json(response.text)
        except ValidationError as error:
            raise BadAnswer(explain(error)) from error
