"""Incidents: clusters of tickets about one matter, the text that answers them all, and who got it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = UTCDateTime()


def upgrade() -> None:
    op.create_table(
        "ticketvector",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("embedder", sa.String(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_ticketvector_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ticketvector")),
    )
    op.create_table(
        "incident",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.Column("terms", JSON, nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("hours", sa.Float(), nullable=False),
        sa.Column("usual", sa.Float(), nullable=False),
        sa.Column("burst", sa.Boolean(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("changed_by", sa.Integer(), nullable=True),
        sa.Column("changed_at", MOMENT, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["changed_by"], ["user.id"], name=op.f("fk_incident_changed_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
    )
    op.create_table(
        "incidentmember",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("out", sa.Boolean(), nullable=False),
        sa.Column("nearness", sa.Float(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_incidentmember_incident_id_incident")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_incidentmember_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidentmember")),
        sa.UniqueConstraint("ticket_id", name=op.f("uq_incidentmember_ticket_id")),
    )
    op.create_table(
        "masterdraft",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("instruction", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("sentences", JSON, nullable=False),
        sa.Column("citations", JSON, nullable=False),
        sa.Column("article_versions", JSON, nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("degraded", JSON, nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_masterdraft_incident_id_incident")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_masterdraft_ticket_id_ticket")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_masterdraft")),
        sa.UniqueConstraint("incident_id", "round", "version", name=op.f("uq_masterdraft_incident_id_round_version")),
    )
    op.create_table(
        "incidentreply",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("master_id", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name=op.f("fk_incidentreply_incident_id_incident")),
        sa.ForeignKeyConstraint(["ticket_id"], ["ticket.id"], name=op.f("fk_incidentreply_ticket_id_ticket")),
        sa.ForeignKeyConstraint(["master_id"], ["masterdraft.id"], name=op.f("fk_incidentreply_master_id_masterdraft")),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_incidentreply_decision_id_decision")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidentreply")),
        sa.UniqueConstraint("incident_id", "round", "ticket_id", name=op.f("uq_incidentreply_incident_id_round_ticket_id")),
        sa.UniqueConstraint("decision_id", name=op.f("uq_incidentreply_decision_id")),
    )
    for table, column in (
        ("incident", "created_at"), ("incident", "state"), ("incidentmember", "incident_id"), ("masterdraft", "incident_id"),
        ("incidentreply", "master_id"), ("incidentreply", "ticket_id"),
    ):  # fmt: skip
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)


def downgrade() -> None:
    for table in ("incidentreply", "masterdraft", "incidentmember", "incident", "ticketvector"):
        op.drop_table(table)
