"""`python -m lined`: the same as the command `lined`."""

from lined.cli import main

main()
