"""Prints how many packages the core installs and how large they are; fails over 100 packages or 800 MB.

    python .ci/core_size.py VENV

Counted are the files of the installed packages as their authors ship them, without pip and setuptools and without the
byte code that Python makes from them.
"""

from __future__ import annotations

import sys
from pathlib import Path

OWN_TOOLS = ("pip", "setuptools", "pkg_resources", "_distutils_hack")
LIMIT_PACKAGES, LIMIT_BYTES = 100, 800e6


def main(folder: Path) -> int:
    """Measures the environment in `folder`."""
    site = next(folder.glob("lib/python3.*/site-packages"))
    packages = [d for d in site.glob("*.dist-info") if not d.name.startswith(OWN_TOOLS)]
    files = [f for f in site.rglob("*") if f.is_file() and f.relative_to(site).parts[0] not in OWN_TOOLS]
    shipped = sum(f.stat().st_size for f in files if f.suffix != ".pyc")
    bytecode = sum(f.stat().st_size for f in files if f.suffix == ".pyc")
    torch = any(d.name.startswith("torch-") for d in packages)
    text = f"{len(packages)} packages, {shipped / 1e6:.0f} MB (and {bytecode / 1e6:.0f} MB of byte code), "
    sys.stdout.write(text + ("torch is there" if torch else "no torch") + "\n")
    return int(len(packages) > LIMIT_PACKAGES or shipped > LIMIT_BYTES or torch)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
