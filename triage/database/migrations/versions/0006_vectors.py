"""Vectors in a table of their own, one a passage and embedder; what indexes are being built."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = UTCDateTime()
COPY = "INSERT INTO passagevector (embedder, passage_id, vector) SELECT embedder, id, vector FROM passage WHERE embedder <> ''"
BACK = """UPDATE passage SET embedder = found.embedder, vector = found.vector
FROM passagevector AS found, indexstate WHERE found.passage_id = passage.id AND found.embedder = indexstate.embedder"""
WHOLE = "UPDATE indexstate SET embedder = coalesce((SELECT max(embedder) FROM passage), '')"


def upgrade() -> None:
    op.create_table(
        "passagevector",
        sa.Column("embedder", sa.String(), nullable=False),
        sa.Column("passage_id", sa.String(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["passage_id"], ["passage.id"], name=op.f("fk_passagevector_passage_id_passage"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("embedder", "passage_id", name=op.f("pk_passagevector")),
    )
    op.execute(COPY)
    op.create_index(op.f("ix_passagevector_passage_id"), "passagevector", ["passage_id"], unique=False)
    with op.batch_alter_table("indexstate", schema=None) as batch_op:
        batch_op.add_column(sa.Column("embedder", sa.String(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("rebuilds", sa.Integer(), nullable=False, server_default="0"))
    op.execute(WHOLE)
    op.execute("ALTER TABLE passage DROP COLUMN vector")  # in place: a batch would make the table anew and cascade to its vectors
    op.execute("ALTER TABLE passage DROP COLUMN embedder")
    op.create_table(
        "indexbuild",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("embedder", sa.String(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_indexbuild")),
    )


def downgrade() -> None:
    op.drop_table("indexbuild")
    op.add_column("passage", sa.Column("embedder", sa.String(), nullable=False, server_default=""))
    op.add_column("passage", sa.Column("vector", sa.LargeBinary(), nullable=False, server_default=sa.text("''")))
    op.execute(BACK)
    op.drop_table("passagevector")
    op.execute("ALTER TABLE indexstate DROP COLUMN embedder")
    op.execute("ALTER TABLE indexstate DROP COLUMN rebuilds")
