"""What is said: recognised, read from subtitles, and what a line of it suggests."""
