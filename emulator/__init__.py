"""An embedded SQL Server emulator: T-SQL with SQL Server's locking, served over TDS.

It stands in for SQL Server in tests and demonstrations. It is never a production database.

Layers, each depending only on those after it: ``tds`` (the wire), ``session`` (one connection's state), ``execution``
(operators, statements, control flow), ``planning`` (names to columns, access paths, compilation), ``catalog``,
``storage`` and ``locking``, ``types``, ``sql`` (text to syntax tree).
"""

import logging

logging.getLogger("emulator").addHandler(logging.NullHandler())  # what is logged is for those who set up logging
