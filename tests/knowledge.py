"""A small knowledge base, a few labelled messages and one customer with an order, for tests of the flow."""

from datetime import UTC, datetime

from sqlmodel import Session

from knowledge_base import articles
from triage.models import Article, ArticleVersion, Category, CategoryExample, Customer, Order
from triage.office import Desk

ARTICLES = {
    "Descale your kettle": (
        "cleaning",
        "Descale the kettle every three months, or as soon as the error code K4 appears.\n\n## Steps\n\n"
        "1. Fill the kettle with one litre of cold water.\n2. Add one sachet of Kalkweg.\n3. Wait for 30 minutes and rinse twice.\n",
    ),
    "Return an order": (
        "returns",
        "You can return an order within 30 days of delivery when it is complete and clean.\n\n## How a refund is decided\n\n"
        "We inspect the parcel within 5 working days of its arrival. A refund goes to the original payment method.\n",
    ),
    "Track your parcel": (
        "orders",
        "You can follow your parcel with the tracking number in the dispatch e-mail.\n\n## When it is late\n\n"
        "A parcel counts as lost after 10 working days without a scan.\n",
    ),
    "Pair the kettle with the app": (
        "app",
        "Pair the kettle over Wi-Fi on the 2.4 GHz band.\n\n## Steps\n\n1. Hold the power button for 5 seconds until the light blinks blue.\n"
        "2. Open the app and choose Add device.\n3. Enter your Wi-Fi password.\n",
    ),
}
EXAMPLES = {
    "cleaning": ["How often should I descale my kettle?", "K4 is blinking, what now?", "There is limescale in my kettle"],
    "returns": ["I want to send it back", "How can I return my order?", "Please refund my money"],
    "orders": ["Where is my parcel?", "My order has not arrived", "Tracking number does not work"],
    "app": ["The app does not find my kettle", "How do I pair the kettle with Wi-Fi?", "Bluetooth pairing fails"],
}


def fill(desk: Desk) -> None:
    """Publish the articles and store categories, examples and a customer; on a filled desk, does nothing."""
    with desk.database.transaction() as session:
        if session.get(Category, "cleaning"):
            return
        _publish(session, desk)
        _label(session, desk)
        session.add(
            Customer(
                id=1, external_id="C-1", name="Priya Raman", email="priya@customer.example", verified=True, since="2024-05-01"
            )
        )
        session.flush()
        session.add(Order(
            number="KT-10001", customer_id=1, status="shipped", placed_at=datetime(2026, 11, 1, tzinfo=UTC), total="49.00", carrier="PostNL",
            tracking="3SKT998877", items=[{"title": "Kettle", "quantity": 1}],
        ))  # fmt: skip
    desk.index.sync(desk.database)


def _publish(session: Session, desk: Desk) -> None:
    for title, (category, body) in ARTICLES.items():
        version = articles.save_version(session, None, title=title, body=body, author="Ann", category=category)
        articles.publish(session, version.article_id, author="Ann", embed=desk.embedder)


def _label(session: Session, desk: Desk) -> None:
    for slug, texts in EXAMPLES.items():
        session.add(Category(slug=slug, title=slug.title()))
        session.flush()
        for text, vector in zip(texts, desk.embedder.encode(texts), strict=True):
            session.add(CategoryExample(category=slug, text=text, vector=vector.tobytes()))


def published(session: Session, article_id: str) -> ArticleVersion | None:
    """The version of an article that searches find."""
    article = session.get(Article, article_id)
    if article is None or article.published_version is None:
        return None
    return articles.version_of(session, article_id, article.published_version)
