"""What a script sees, and how it is executed."""
