"""`python -m fal` is the command `fal`."""

from fal.cli.main import main

main()
