"""T-SQL text to syntax trees: batches, lexer, parser, nodes. Nothing here knows the catalog."""
