"""Locks: modes and their tables, the lock manager, the deadlock monitor. A pure state machine without clock or thread."""
