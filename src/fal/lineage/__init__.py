"""What a script uses, read from its syntax tree."""
