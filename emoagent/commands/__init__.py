"""What the commands do, one command a file; `emoagent.cli` holds their arguments."""
