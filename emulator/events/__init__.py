"""Events of the engine that Extended Events sessions collect: deadlocks, and sessions that wait for long."""
