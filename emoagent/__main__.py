"""`python -m emoagent` is the command `emoagent`."""

from emoagent.cli import main

main()
