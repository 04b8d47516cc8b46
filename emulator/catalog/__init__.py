"""The catalog: databases, schemas and the objects in them, as the planner and the ``sys`` views read them."""
