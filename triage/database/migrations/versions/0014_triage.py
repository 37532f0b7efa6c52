"""Groups of people, what is routed to them, and the fitted classifier of the categories."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "team",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_team")),
    )
    op.create_table(
        "teammember",
        sa.Column("team", sa.String(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["team"], ["team.name"], name=op.f("fk_teammember_team_team"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_teammember_user_id_user")),
        sa.PrimaryKeyConstraint("team", "user_id", name=op.f("pk_teammember")),
    )
    op.create_index(op.f("ix_teammember_user_id"), "teammember", ["user_id"])
    op.create_table(
        "matterroute",
        sa.Column("matter", sa.String(), nullable=False),
        sa.Column("team", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["team"], ["team.name"], name=op.f("fk_matterroute_team_team"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("matter", name=op.f("pk_matterroute")),
    )
    op.create_table(
        "categorymodel",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("learnt_from", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("report", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False),
        sa.Column("fitted_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_categorymodel")),
    )
    op.add_column("ticket", sa.Column("team", sa.String(), nullable=False, server_default=""))
    with op.batch_alter_table("ticket") as table:
        table.alter_column("team", server_default=None)
    op.create_index(op.f("ix_ticket_team"), "ticket", ["team"])
    _name_groups()


def _name_groups() -> None:
    """The groups that categories name already."""
    connection = op.get_bind()
    category, team = sa.table("category", sa.column("team")), sa.table("team", sa.column("name"), sa.column("created_at"))
    names = connection.execute(sa.select(category.c.team).where(category.c.team != "").distinct()).scalars().all()
    for name in names:
        connection.execute(team.insert().values(name=name, created_at=sa.func.now()))


def downgrade() -> None:
    op.drop_index(op.f("ix_ticket_team"), "ticket")
    with op.batch_alter_table("ticket") as table:
        table.drop_column("team")
    for name in ("categorymodel", "matterroute", "teammember", "team"):
        op.drop_table(name)
