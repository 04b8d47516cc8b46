"""`lockstep demo`: many users pick and put away at once, and not one gram may be lost.

`warehouse` loads the stock, `plan` says what each user means to do, `work` lets them do it, `bookkeeping` keeps what
they were told, `verification` compares that with the database, `report`, `progress` and `presentation` show it all.
"""

from harness.demo.demonstration import run

__all__ = ["run"]
