"""Model files: where they come from, how they are checked and kept, and how they are made into networks that run."""
