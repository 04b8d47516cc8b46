"""Baseline: lockstep's schemas and tables, and the ERP's tables where the database does not have them.

ERP tables that are there are compared with what lockstep needs of them, and never changed; if they do not fit, all
that does not is reported at once and nothing has been done.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.run_script("0001_baseline/own_tables.sql")
    op.run_script("0001_baseline/erp_columns.sql")
    op.run_script("0001_baseline/check_erp_tables.sql")
    op.run_script("0001_baseline/erp_tables.sql")


def downgrade() -> None:
    op.run_script("0001_baseline/drop_tables.sql")
