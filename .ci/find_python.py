"""Prints the path of an interpreter of the version asked for, or fails.

python .ci/find_python.py 3.12
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path


def candidates(version: str) -> Iterator[str]:
    """Interpreters that may be of this version."""
    yield sys.executable
    if found := shutil.which(f"python{version}"):
        yield found
    for path in sorted(Path.home().glob(f".pyenv/versions/{version}*/bin/python{version}")):
        yield str(path)


def main(version: str) -> int:
    """Prints the first one that answers with this version."""
    for path in candidates(version):
        asked = [path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
        answer = subprocess.run(asked, capture_output=True, text=True, check=False)
        if answer.returncode == 0 and answer.stdout.strip() == version:
            sys.stdout.write(path + "\n")
            return 0
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
