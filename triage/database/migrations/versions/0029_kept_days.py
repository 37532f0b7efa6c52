"""Counted days are named by what is in them and stored field by field; the clock counts all of them anew."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _anew(sa.Column("mark", sa.String(), nullable=False), sa.Column("counted_at", UTCDateTime(), nullable=False), _records())


def downgrade() -> None:
    _anew(_records(), sa.Column("counted_at", UTCDateTime(), nullable=False))


def _anew(*columns: sa.Column[object]) -> None:
    op.drop_table("metricday")
    op.create_table(
        "metricday",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        *columns,
        sa.PrimaryKeyConstraint("kind", "day", name=op.f("pk_metricday")),
    )


def _records() -> sa.Column[object]:
    return sa.Column("records", sa.LargeBinary(), nullable=False)
