"""Baseline: lockstep's schemas and tables, and the ERP's tables where the database does not have them."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.run_script("0001_baseline/own_tables.sql")
    op.run_script("0001_baseline/erp_tables.sql")


def downgrade() -> None:
    op.run_script("0001_baseline/drop_tables.sql")
