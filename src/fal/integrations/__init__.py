"""Other tools that the engine works in."""
