"""The archived tool's first name for the package; its paths lead to `fal`."""
