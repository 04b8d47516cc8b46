"""SQL Server's data types: their values, names, precedence, conversion, collation, comparison and arithmetic.

``sqltype`` says how values are represented; every other module turns static types into plain closures over such values,
chosen once when a statement is compiled and never called with NULL.
"""
