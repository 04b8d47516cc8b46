"""The reference pages: one for each procedure and one of all errors, made of the headers of the T-SQL files."""
