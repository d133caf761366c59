"""How well the embedded profile perceives, measured on clips whose truth is known: one file for each topic.

    python -m benchmarks.perception [TOPIC …] [--shared DIR] [--write docs/perception.md]

A topic is a module of this folder with a docstring (its introduction in the table) and
`def rows(shared: Path) -> Iterable[Row]`. Topics run as processes of their own.
"""
