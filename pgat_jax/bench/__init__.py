"""What a configuration costs: counted operations, memory, time, and what binds it."""
