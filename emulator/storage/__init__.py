"""Rows in memory: sorted indexes, tables, transactions with undo. Takes no locks itself; whoever calls holds them."""
