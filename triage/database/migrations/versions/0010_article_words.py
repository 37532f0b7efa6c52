"""Full-text search in the titles and texts of articles."""

from alembic import op

from triage.database import fulltext

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    fulltext.create(op.get_bind(), "articleversion", "title", "body")


def downgrade() -> None:
    fulltext.drop(op.get_bind(), "articleversion")
