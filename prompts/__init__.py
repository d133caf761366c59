"""Prompt texts as files with strict variables and a fingerprint; see `template.py`."""
