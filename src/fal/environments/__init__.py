"""The Python environments that a project names: read, made, kept and removed."""
