"""What a run started from, so that it can be replayed and forked; steps whose JSON keeps its order."""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0021"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "commonpremise",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_commonpremise")),
    )
    op.create_table(
        "runpremise",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("common", sa.String(), nullable=False),
        sa.Column("case", sa.JSON(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("ending", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["common"], ["commonpremise.digest"], name=op.f("fk_runpremise_common_commonpremise")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_runpremise_run_id_run")),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_runpremise")),
    )
    op.create_index(op.f("ix_runpremise_common"), "runpremise", ["common"])
    for name, default in (("recording", "full"), ("traceparent", "")):  # in place: a table made anew would lose what hangs on it
        op.add_column("run", sa.Column(name, sa.String(), nullable=False, server_default=default))
    op.create_index("ix_runstep_name_run_id", "runstep", ["name", "run_id"])
    if op.get_bind().dialect.name == "postgresql":  # JSONB forgets the order of keys, which prompts and hashes are made of
        for name in ("request", "response"):
            op.execute(f"ALTER TABLE runstep ALTER COLUMN {name} TYPE JSON USING {name}::json")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for name in ("request", "response"):
            op.execute(f"ALTER TABLE runstep ALTER COLUMN {name} TYPE JSONB USING {name}::jsonb")
    op.drop_index("ix_runstep_name_run_id", "runstep")
    for name in ("traceparent", "recording"):
        op.drop_column("run", name)
    op.drop_table("runpremise")
    op.drop_table("commonpremise")
