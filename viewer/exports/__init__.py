"""What a result can be turned into for other programs: one format a file, found by itself.

@exporter("name", suffix=".csv", needs={"faces"})
def name(result: Result, path: Path) -> None:
    '''One line on what it is.'''
"""
