"""The registry of trained models: their files, and the table that lists them."""
