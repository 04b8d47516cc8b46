"""From syntax tree to closures: names become slots and ordinals, predicates access paths, statements functions."""
