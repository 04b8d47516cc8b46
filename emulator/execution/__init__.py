"""What runs compiled statements: operators, control flow, transactions, errors, built-in functions."""
