"""`python -m fluxa.cli`: the command for when its script is not at hand."""

from fluxa.cli import main

main()
