"""No index that only repeats the beginning of another: every ticket and every step of a run wrote them for nothing."""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_REPEATED = (
    ("articleversion", "article_id"),
    ("draft", "ticket_id"),
    ("masterdraft", "incident_id"),
    ("rehearsedticket", "rehearsal_id"),
    ("ruletrialticket", "trial_id"),
    ("runstep", "run_id"),
    ("savedview", "user_id"),
    ("signoff", "blocked_action_id"),
    ("ticket", "status"),
    ("translation", "draft_id"),
)


def upgrade() -> None:
    for table, column in _REPEATED:
        op.drop_index(f"ix_{table}_{column}", table)


def downgrade() -> None:
    for table, column in reversed(_REPEATED):
        op.create_index(f"ix_{table}_{column}", table, [column])
