"""The database behind the target, seen through Arrow: read a relation, write a table."""
