"""What the editor of articles keeps: working copies, reviews, files, former ids, use."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
MOMENT = UTCDateTime()


def upgrade() -> None:
    with op.batch_alter_table("article", schema=None) as batch_op:
        batch_op.add_column(sa.Column("translation_of", sa.String(), nullable=False, server_default=""))
        batch_op.create_index(batch_op.f("ix_article_translation_of"), ["translation_of"], unique=False)

    op.create_table(
        "articlereview",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("reviewer_id", sa.Integer(), nullable=True),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_articlereview_article_id_article")),
        sa.ForeignKeyConstraint(["asked_by"], ["user.id"], name=op.f("fk_articlereview_asked_by_user")),
        sa.ForeignKeyConstraint(["reviewer_id"], ["user.id"], name=op.f("fk_articlereview_reviewer_id_user")),
        sa.ForeignKeyConstraint(["decided_by"], ["user.id"], name=op.f("fk_articlereview_decided_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articlereview")),
    )
    with op.batch_alter_table("articlereview", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_articlereview_article_id"), ["article_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_articlereview_status"), ["status"], unique=False)

    op.create_table(
        "articlefile",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.String(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("added_by", sa.Integer(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_articlefile_article_id_article")),
        sa.ForeignKeyConstraint(["added_by"], ["user.id"], name=op.f("fk_articlefile_added_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articlefile")),
    )
    with op.batch_alter_table("articlefile", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_articlefile_article_id"), ["article_id"], unique=False)

    op.create_table(
        "articlealias",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("article_id", sa.String(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_articlealias_article_id_article")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articlealias")),
    )
    with op.batch_alter_table("articlealias", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_articlealias_article_id"), ["article_id"], unique=False)

    op.create_table(
        "articleuse",
        sa.Column("article_id", sa.String(), nullable=False),
        sa.Column("replies", sa.Integer(), nullable=False),
        sa.Column("sentences", sa.Integer(), nullable=False),
        sa.Column("edited", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["article.id"], name=op.f("fk_articleuse_article_id_article")),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_articleuse")),
    )
    op.create_table(
        "workingcopy",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("article", sa.String(), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("meta", JSON, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name=op.f("fk_workingcopy_user_id_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workingcopy")),
        sa.UniqueConstraint("user_id", "article", name=op.f("uq_workingcopy_user_id_article")),
    )
    with op.batch_alter_table("workingcopy", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_workingcopy_article"), ["article"], unique=False)


def downgrade() -> None:
    for name in ("workingcopy", "articleuse", "articlealias", "articlefile", "articlereview"):
        op.drop_table(name)
    with op.batch_alter_table("article", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_article_translation_of"))
        batch_op.drop_column("translation_of")
