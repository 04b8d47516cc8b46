"""Built-in functions, by family, entered in one registry with the types they take and give."""
