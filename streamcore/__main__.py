"""`python -m streamcore`."""

from streamcore.cli import main

main()
