"""${message}

Revises: ${down_revision | comma,n}
"""

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    op.run_script("${up_revision}_${message.lower().replace(" ", "_")}/upgrade.sql")


def downgrade() -> None:
    op.run_script("${up_revision}_${message.lower().replace(" ", "_")}/downgrade.sql")
