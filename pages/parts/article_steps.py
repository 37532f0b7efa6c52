"""What an editor can do to an article next: publish, ask for a review, answer one, and the rarer steps behind "More"."""

from collections.abc import Callable

import streamlit as st
from markupsafe import Markup
from sqlmodel import Session

from pages.parts import office, screen, state, words
from pages.parts.markup import join, mute, show, tag
from triage.library import editing, links, naming, publishing, review
from triage.library.article import ArticleView, waiting_drafts
from triage.library.links import Problem
from triage.models import ArticleReview, User


def next_steps(user: User, view: ArticleView) -> None:
    """The buttons beside the title."""
    row, asked = view.row, view.review
    if row.status == "archived":
        st.button(
            "Restore",
            key="restore",
            type="primary",
            on_click=_step,
            args=(publishing.restore, user, view, "Restored as a draft."),
        )
        return
    with st.container(horizontal=True, gap="small", width="content"):
        if asked and asked.status == "waiting":
            _in_review(user, view, asked)
        elif row.published != row.version:
            _ready(user, view)
        st.button(
            "Still right", key="confirm", help="Says that you read it today and it is correct.",
            on_click=_step, args=(publishing.confirm, user, view, "Noted: verified today."),
        )  # fmt: skip
        _more(user, view)


def unsaved(user: User, view: ArticleView) -> None:
    """Under the head: what was said in a review, links that lead nowhere, a text begun and not saved."""
    if view.review:
        show(_said(view, view.review))
    waits = view.row.published != view.row.version and view.row.status != "archived"
    if waits and (found := problems(view, view.latest.body)):
        show(listed(found, "Before you publish"))
    if st.query_params.get("tab") != "edit" and office.read(lambda session: editing.copy_of(session, user, view.row.id)):
        at = f"{screen.KNOWLEDGE}?article={view.row.id}&tab=edit"
        show(
            tag(
                "div",
                "You have changes here that are not saved as a version. ",
                screen.link("Go on with them", at),
                cls="td-strip i",
            )
        )


def problems(view: ArticleView, body: str) -> list[Problem]:
    """Links of a text that lead nowhere or where customers may not go."""
    return office.read(lambda session: links.check(session, body, audience=view.row.audience, article_id=view.row.id))


def listed(found: list[Problem], title: str) -> Markup:
    """Problems as a list, what to do with each."""
    items = [tag("li", tag("b", problem.text or problem.target), mute(f" ({problem.target}) "), problem.why) for problem in found]
    severe = sum(problem.severe for problem in found)
    head = f"{title}: {words.plural(severe, 'link')} to look at" if severe else f"{title}: links to renamed articles"
    return tag("div", tag("b", head), tag("ul", *items), cls=f"td-strip {'w' if severe else 'i'}", role="status")


def publish(user: User, view: ArticleView, number: int | None = None, *, approve: str | None = None) -> None:
    """Embed first, then publish in one short transaction, then bring the index along; `approve` is a reviewer's comment."""
    with st.spinner("Publishing…"):
        vectors, chosen = publishing.prepared(office.desk().embedder, view, number), number or view.row.version

        def change(session: Session) -> int:
            if approve is None:
                return publishing.publish(session, user, view.row.id, embed=vectors, version=chosen)
            return publishing.approve_and_publish(session, user, view.row.id, number=chosen, comment=approve, embed=vectors)

        changed = office.attempt(change)
        if changed is not None:
            sync()
            typed = office.read(lambda session: editing.copy_of(session, user, view.row.id))
            rest = " What you have not saved is not in it." if typed else ""
            office.toast(f"Published. {words.plural(changed, 'passage')} new or changed.{rest}")


def sync() -> None:
    """Bring this process's index along, so that the next search finds what was just published."""
    desk = office.desk()
    desk.searcher.follow()


# ---- drafts and reviews -----------------------------------------------------------------------------------


def _ready(user: User, view: ArticleView) -> None:
    """A version that is not published yet."""
    needed, people = office.read(lambda session: (review.is_needed(session), review.reviewers(session, user)))
    approved = office.read(lambda session: review.stands_approved(session, view.latest))
    may_go = approved or not needed
    if may_go and st.button(f"Publish version {view.row.version}", key="publish", type="primary"):
        publish(user, view)
        st.rerun()
    with st.popover("Ask for a review"):
        _ask(user, view, people)


def _ask(user: User, view: ArticleView, people: list[tuple[int, str]]) -> None:
    if not people:
        show(mute("There is no other administrator. Invite one under Settings, People."))
        return
    names: dict[int | None, str] = {None: "Whoever comes first"} | dict(people)
    reviewer = st.selectbox("Who", list(names), format_func=lambda number: names[number], key="review_who")
    question = st.text_area("What should they look at?", key="review_question", height=90, max_chars=2000)
    if st.button("Send", key="review_ask", type="primary"):
        office.act(
            lambda session: review.ask(session, user, view.row.id, reviewer_id=reviewer, question=question or ""),
            f"Version {view.row.version} waits for a review.",
        )
        st.rerun()


def _in_review(user: User, view: ArticleView, asked: ArticleReview) -> None:
    if user.id == asked.asked_by or user.actor == view.latest.author:
        st.button(
            "Withdraw the question", key="withdraw", on_click=_step, args=(review.withdraw, user, view, "Nobody is asked any more."),
        )  # fmt: skip
        return
    if st.button("Approve and publish", key="approve", type="primary"):
        publish(user, view, approve="")
        st.rerun()
    with st.popover("Return"):
        comment = st.text_area("What should change?", key="return_comment", height=90, max_chars=2000)
        if st.button("Return to its author", key="return", type="primary"):
            office.act(
                lambda session: review.give_back(session, user, view.row.id, number=asked.number, comment=comment or ""),
                "Returned with your comment.",
            )
            st.rerun()


def _said(view: ArticleView, asked: ArticleReview) -> Markup | None:
    """Where the review of the newest version stands, in a sentence."""
    author, reviewer, comment = (
        view.name(asked.asked_by),
        view.name(asked.reviewer_id),
        f"“{asked.comment}”" if asked.comment else "",
    )
    if asked.status == "waiting":
        whom = reviewer if asked.reviewer_id else "another administrator"
        said = join(
            tag("b", f"Version {asked.number} waits for {whom}. "),
            f"{author} asked ",
            words.ago(asked.created_at),
            f": “{asked.question}”" if asked.question else ".",
        )
        changes = screen.link("See what changed", f"{screen.KNOWLEDGE}?article={view.row.id}&tab=versions")
        return tag("div", said, " ", changes, cls="td-strip i", role="status")
    if asked.status == "returned":
        said = join(tag("b", f"{view.name(asked.decided_by)} returned version {asked.number}: "), comment)
        return tag("div", said, cls="td-strip w", role="status")
    if asked.status == "approved":
        return tag("div", f"{view.name(asked.decided_by)} approved version {asked.number}. ", comment, cls="td-strip o")
    return None


# ---- more -------------------------------------------------------------------------------------------------


def _more(user: User, view: ArticleView) -> None:
    row = view.row
    with st.popover("More"):
        if row.audience == "public":
            _audience(user, view, "Make it for the team only", "internal", "No customer's reply is grounded in it from now on.")
        else:
            _audience(user, view, "Make it public", "public", "Agents may ground customers' replies in it from now on.")
        st.button(
            "Add a translation",
            key="translate",
            width="stretch",
            on_click=lambda: screen.go(article=editing.NEW, of=view.translation_of or row.id, tab=None),
        )
        if row.published is not None:
            st.button(
                "Unpublish",
                key="unpublish",
                width="stretch",
                help="Takes it out of every search at once; its versions stay.",
                on_click=_out,
                args=(publishing.unpublish, user, view, "Unpublished: no search finds it any more."),
            )
        st.button(
            "Archive",
            key="archive",
            width="stretch",
            help="Puts it away: out of searches and lists. It can be restored; nothing is deleted.",
            on_click=_out,
            args=(publishing.archive, user, view, "Archived. It is found under the state Archived."),
        )
        new_id = st.text_input("Id", row.id, key=f"rename_{row.id}", help="Links to the old id are followed.")
        if st.button("Rename", key="rename", width="stretch", disabled=(new_id or "").strip() in ("", row.id)):
            wanted = (new_id or "").strip()
            if office.do(lambda session: naming.rename(session, user, row.id, wanted)):
                sync()
                screen.go(article=wanted)
                _tell("Renamed. Links to the old id are followed.", office.read(lambda session: waiting_drafts(session, row.id)))
            st.rerun()  # fmt: skip


def _audience(user: User, view: ArticleView, label: str, audience: str, help_: str) -> None:
    if st.button(label, key="audience", width="stretch", help=help_):
        cited = office.attempt(lambda session: publishing.set_audience(session, user, view.row.id, audience))
        if cited is not None:
            sync()
            _tell(
                "It is for the team only now." if audience == "internal" else "It is public now.",
                cited if audience == "internal" else [],
            )
        st.rerun()


def _out(change: Callable[[Session, User, str], None], user: User, view: ArticleView, said: str) -> None:
    """A step that takes the article out of searches; says what that leaves behind."""
    cited, pointing = office.read(lambda session: publishing.leaves_behind(session, view.row.id))
    if office.do(lambda session: change(session, user, view.row.id)):
        sync()
        _tell(said, cited, [title for _, title in pointing])


def _tell(said: str, cited: list[int], pointing: list[str] | None = None) -> None:
    parts = [said]
    if cited:
        parts.append(
            f"{words.plural(len(cited), 'waiting draft')} cited it and cannot be sent as they are: "
            + ", ".join(f"#{number}" for number in cited[:8])
            + "."
        )
    if pointing:
        parts.append(f"{words.plural(len(pointing), 'article')} still link here: " + ", ".join(pointing[:5]) + ".")
    if len(parts) > 1:
        state.say("warning", parts[0].rstrip("."), " ".join(parts[1:]))
    else:
        office.toast(said)


def _step(change: Callable[[Session, User, str], object], user: User, view: ArticleView, said: str) -> None:
    office.act(lambda session: change(session, user, view.row.id), said)
