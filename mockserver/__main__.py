"""`python -m mockserver`: the command line without its script."""

from mockserver.cli import main

main(prog_name="mockserver")
