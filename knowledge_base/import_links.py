"""Links of imported texts, brought to lead to the articles and files that their targets become here."""

import re
from dataclasses import replace
from urllib.parse import urljoin

from sqlmodel import Session

from knowledge_base import linking, reading
from knowledge_base.frontmatter import Document
from knowledge_base.import_files import Gathered, Keep
from knowledge_base.import_plan import Decision, Plan
from knowledge_base.import_report import Line, few
from knowledge_base.reading import File, Item
from knowledge_base.source import Source
from triage.errors import InputError
from triage.models import ArticleFile

_EMBEDDED = re.compile(r"!\[([^\]]*)\]\(embedded:[^)]*\)")


class Links:
    """Leads the links of one source's texts. `linked` names the places that link to a place, `refused` lines about an item's files."""

    def __init__(self, plan: Plan, source: Source | None, keep: Keep | None) -> None:
        self.plan, self.source, self.keep = plan, source, keep
        self.linked: dict[str, set[str]] = {}
        self.refused: dict[str, list[Line]] = {}

    def led(self, session: Session, item: Item) -> Item:
        """The item with its links leading to articles and to its files, which are kept from now on.

        A link that leads nowhere stays as it was written, and is named in the item's line.
        """
        if isinstance(item, InputError):
            return item
        gathered = Gathered(self.keep)
        nowhere: list[str] = []
        source = self.source if self.source and item.place in self.source else None

        def lead(target: str) -> str | None:
            if target.startswith("embedded:"):
                name = target.removeprefix("embedded:")
                return gathered.take(f"{item.place}/{name}", lambda: item.embedded[name]) if name in item.embedded else None
            return self._lead(session, item, source, target, gathered, nowhere) if source else None

        body = linking.rewritten(item.body, lead)
        for target in item.attachments if source else ():
            lead(target)
        left = len(_EMBEDDED.findall(body)) if item.embedded else 0
        body = _EMBEDDED.sub(r"\1", body) if left else body
        notes = [f"{left} picture{'s' * (left > 1)} left out"] if left else []
        notes += [f"links that lead nowhere: {few(list(dict.fromkeys(nowhere)))}"] if nowhere else []
        self.refused[item.place] = gathered.refused
        return replace(item, body=body, notes=(*item.notes, *notes), files=tuple(gathered.kept), said=item.digest)

    def _lead(
        self, session: Session, item: Document, source: Source, target: str, gathered: Gathered, nowhere: list[str]
    ) -> str | None:
        """Where a link of a text leads now; None when it stays."""
        path = linking.path_of(target, item.place)
        if path is None:
            return None
        place = source.find(path)
        if place is None:
            return self._elsewhere(session, item, target, nowhere)
        if place not in source.brought and target not in item.attachments:
            self.linked.setdefault(place, set()).add(item.place)
            if found := self._id_at(session, source, place):
                return found
        return gathered.take(place, lambda: source.content(place))

    def _elsewhere(self, session: Session, item: Document, target: str, nowhere: list[str]) -> str | None:
        """A link to what is not in the source: an article here, a file here, or an address that a page meant."""
        number = target.removeprefix(linking.FILES)
        if target.startswith(linking.FILES) and number.isdecimal() and len(number) < 10:
            file = session.get(ArticleFile, int(number))
            if file is not None and file.removed_at is None:
                return None
        elif self.plan.exists(session, target):
            return None
        elif item.base:
            return urljoin(item.base, target)
        nowhere.append(target)
        return None

    def _id_at(self, session: Session, source: Source, place: str) -> str:
        """The id of the article that the file at a place is or becomes; "" when it becomes none."""
        if place not in self.plan.ids:
            try:
                read = next(reading.read(File.of(source.content(place), place)), None)
            except InputError:
                read = None
            if not isinstance(read, Document):
                return ""
            found = self.plan.find(session, read)
            self.plan.promise(place, found.article if isinstance(found, Decision) else found[0], read.digest)
        return self.plan.ids[place]
