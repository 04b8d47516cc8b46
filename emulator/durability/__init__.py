"""Data that survives the process: a write-ahead log with checkpoints in a directory (``--data DIR``).

``files`` frames records and knows the directory; ``values`` and ``images`` say how rows and definitions are written;
``state`` is what a sequence of records amounts to, without an engine; ``journal`` writes the log, ``checkpoint``
rewrites what it amounts to; ``durability`` has an instance write it, ``recovery`` makes an instance of it.
"""
