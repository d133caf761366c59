"""The HTTP server: turns, sessions, jobs, live audio and frames, and the pass-through for chat completions."""
