"""Readers of published corpora, one a file. Each reads the release of its authors and gives `Line`s or records of its
own; none knows a model."""
