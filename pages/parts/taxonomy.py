"""Categories: what tickets are filed under, the messages that teach it, and how well that was learnt."""

import streamlit as st
from markupsafe import Markup

from pages.parts import office, screen, words
from pages.parts.markup import card, chip, join, mute, rows, show, tag
from triage import taxonomy, teams
from triage.accounts import access
from triage.accounts.access import Permission
from triage.errors import TriageError
from triage.models import CategoryExample, Priority, User
from triage.taxonomy import CategoryRow, Taxonomy

NEW = "new"


def categories(user: User) -> None:
    """The list with what was learnt, or the category that the address names."""
    found = office.read(lambda session: taxonomy.load(session, user))
    chosen = st.query_params.get("category", "")
    row = next((row for row in found.rows if row.category.slug == chosen), None)
    if row is not None or chosen == NEW:
        _category(user, row)
        return
    left, right = st.columns(2, gap="medium")
    with left:
        _learnt(user, found)
    with right:
        _try(found)
    _list(user, found)


# ---- all --------------------------------------------------------------------------------------------------


def _list(user: User, found: Taxonomy) -> None:
    if access.may(user, Permission.EDIT_MACHINERY):
        st.button("New category", key="category_new", on_click=lambda: screen.go(category=NEW))
    if not found.rows:
        screen.empty(
            "No categories yet", "Tickets are filed under categories. Make one, and give it a dozen messages as examples."
        )
        return
    lines = [
        [
            screen.link(row.category.title, f"?part=categories&category={row.category.slug}"),
            row.category.default_priority,
            row.category.team or mute("nobody's"),
            _count(row),
            f"{row.right} of {row.checked}" if row.checked else mute("–"),
            ", ".join(f"{title} ({times})" for title, times in row.mistaken),
        ]
        for row in found.rows
    ]
    show(
        card(
            screen.report(["Category", "Priority", "Group", "Examples", "Sorted rightly", "Taken for"], lines), title="Categories"
        )
    )


def _count(row: CategoryRow) -> Markup | str:
    return join(str(row.count), " ", chip("too few", "w")) if row.count < taxonomy.FEW else str(row.count)


def _learnt(user: User, found: Taxonomy) -> None:
    report = found.report
    if report is None:
        said = (
            f"{words.plural(found.missing, 'more example')} needed before anything is learnt."
            if found.missing
            else "Nothing is learnt yet."
        )
        show(card(mute(f"{said} Until then the nearest example decides."), title="What was learnt"))
    else:
        show(card(rows([
            ("Sorted rightly", f"{report.right:.0%} of {report.checked} examples, each by what the others teach"),
            ("How sure against how right", f"off by {report.gap:.0%} on average"),
            ("Left to nobody", f"{report.given_up:.0%} of them"),
            ("Learnt", words.clock(found.fitted_at) if found.fitted_at else ""),
        ]), title="What was learnt"))  # fmt: skip
    if found.stale:
        show(
            tag("div", "Examples or articles changed since; it is learnt anew within two minutes.", cls="td-strip", role="status")
        )
        if access.may(user, Permission.EDIT_MACHINERY):
            st.button(
                "Learn now", key="category_learn", on_click=office.act,
                args=(lambda session: taxonomy.learn(session, user, office.desk().enqueue), "It is being learnt."),
            )  # fmt: skip


def _try(found: Taxonomy) -> None:
    text = st.text_area("Try a message", key="category_try", height=90, placeholder="What would a customer write?")
    if not text or not text.strip():
        return
    try:
        guess = taxonomy.try_text(office.desk().sorter, text)
    except TriageError as error:
        show(mute(str(error)))
        return
    if guess is None:
        show(mute("Nothing is learnt yet: the nearest example would decide."))
        return
    titles = {row.category.slug: row.category.title for row in found.rows}
    lines = [[titles.get(slug, slug), f"{chance:.0%}"] for slug, chance in guess.ranking]
    head = (
        "It seems to belong to no category."
        if guess.abstain
        else f"It would be filed under {titles.get(guess.label, guess.label)}."
    )
    show(card(tag("p", head), screen.report(["Category", "How sure"], lines)))


# ---- one --------------------------------------------------------------------------------------------------


def _category(user: User, row: CategoryRow | None) -> None:
    st.button("All categories", key="category_back", on_click=lambda: screen.go(category=None))
    editor = access.may(user, Permission.EDIT_MACHINERY)
    left, right = st.columns(2, gap="medium")
    with left, st.container(key="box_category"):
        _fields(user, row, editor)
    if row is not None:
        with right, st.container(key="box_examples"):
            _examples(user, row, editor)


def _fields(user: User, row: CategoryRow | None, editor: bool) -> None:
    kept = row.category if row else None
    show(tag("h2", kept.title if kept else "New category", cls="td-h3"))
    key = kept.slug if kept else NEW
    groups = ["", *office.read(teams.names)]
    priorities = [priority.value for priority in Priority]
    title = st.text_input(
        "Title", value=kept.title if kept else "", key=f"category_title_{key}", max_chars=80, disabled=not editor
    )
    description = st.text_area(
        "What belongs here", value=kept.description if kept else "", key=f"category_text_{key}", height=100, max_chars=400, disabled=not editor,
        help="Language models read it when they choose a category.",
    )  # fmt: skip
    priority = st.selectbox(
        "Usual priority", priorities, index=priorities.index(kept.default_priority if kept else "normal"), key=f"category_priority_{key}", disabled=not editor
    )  # fmt: skip
    team = st.selectbox(
        "Group that gets its tickets", groups, index=groups.index(kept.team) if kept and kept.team in groups else 0,
        format_func=lambda name: name or "Nobody's", key=f"category_team_{key}", disabled=not editor,
    )  # fmt: skip
    if not editor:
        return
    with st.container(horizontal=True):
        if st.button("Save", key="category_save", type="primary"):
            made = office.attempt(
                lambda session: taxonomy.save(
                    session, user, kept.slug if kept else "", title=title or "", description=description or "",
                    default_priority=priority or "normal", team=team or "",
                ).slug
            )  # fmt: skip
            if made:
                office.toast("Saved.")
                screen.go(category=made)
            st.rerun()
        if kept and st.button("Remove", key="category_remove", help="Only a category without tickets can go."):
            if office.do(lambda session: taxonomy.remove(session, user, kept.slug)):
                screen.go(category=None)
            st.rerun()


def _examples(user: User, row: CategoryRow, editor: bool) -> None:
    show(
        tag("h2", words.plural(row.count, "example"), cls="td-h3"),
        mute("Messages of customers that belong here. A dozen different ones teach more than fifty alike."),
    )
    slug = row.category.slug
    if editor:
        screen.cleared("example_new")
        text = st.text_area("New example", key="example_new", height=80, max_chars=2000)
        if st.button("Add", key="example_add", type="primary"):
            if office.do(lambda session: taxonomy.add_example(session, user, slug, text or "", office.desk().embedder)):
                screen.clear("example_new")
            st.rerun()
    for example in row.examples:
        _example(user, example, editor)
    if row.count > len(row.examples):
        show(mute(f"The newest {len(row.examples)} are shown."))


def _example(user: User, example: CategoryExample, editor: bool) -> None:
    with st.container(key=f"example_{example.id}", horizontal=True, vertical_alignment="center", wrap=False):
        show(tag("div", example.text[:240], cls="td-grow"))
        if editor:
            st.button(
                "Remove", key=f"example_remove_{example.id}", on_click=office.act,
                args=(lambda session: taxonomy.remove_example(session, user, example.id or 0), "Removed."),
            )  # fmt: skip
