"""Files, pictures and sound as they come in: opened by child processes, for nothing that comes in is trusted."""
