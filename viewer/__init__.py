"""The evidence report: data shaping in Python, a small bundled front end."""
