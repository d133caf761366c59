"""One wrapped library or model a file: media in, numbers or text out; no emotion words, no prompts."""
