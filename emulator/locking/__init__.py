"""Lock modes and their tables, the lock manager, the deadlock monitor: a pure state machine without clock or thread."""
