"""Finds what an old project must change for today's dbt and this engine, and edits it."""
