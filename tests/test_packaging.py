"""The layout that setuptools builds and the one that editors see are the same, and imports point one way."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LAYERS = ("schema", "prompts", "tools", "agents", "graphs", "front")
TOOLS = {"media": 1, "weights": 1, "sight": 2, "words": 2, "voice": 3, "language": 3}  # beside the folders: 0
FOUNDATION = {"schema", "affect", "errors", "labels", "settings"}


def test_every_mapped_folder_has_its_link_and_package() -> None:
    table = PROJECT["tool"]["setuptools"]["package-dir"]
    packages = set(PROJECT["tool"]["setuptools"]["packages"])
    links = {path.name for path in (ROOT / "emoagent").iterdir() if path.is_symlink()}
    assert set(table) <= packages
    assert links == {name.removeprefix("emoagent.") for name in table if "." in name}
    for name in links:
        assert (ROOT / "emoagent" / name).readlink() == Path("..") / name
        assert table[f"emoagent.{name}"] == name


def test_every_folder_with_code_is_packaged() -> None:
    setuptools = PROJECT["tool"]["setuptools"]
    found = {
        ".".join((name, *path.parent.relative_to(ROOT / folder).parts))
        for name, folder in setuptools["package-dir"].items()
        for path in _below(folder, "__init__.py")
    }
    assert found == set(setuptools["packages"])


def test_the_built_front_end_is_packaged_and_its_sources_are_not() -> None:
    """Nobody needs node to use what is installed; the source distribution has the sources, without what npm fetches."""
    settings, manifest = PROJECT["tool"]["setuptools"], (ROOT / "MANIFEST.in").read_text(encoding="utf-8").splitlines()
    assert settings["package-data"]["emoagent.viewer"] == ["static/*"]
    assert settings["include-package-data"] is False
    assert {"report.js", "report.css"} <= {path.name for path in (ROOT / "viewer" / "static").iterdir()}
    assert not [name for name in settings["packages"] if "front" in name]
    assert manifest.index("graft viewer/front") < manifest.index("prune viewer/front/node_modules")


def test_declared_extras() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    assert {"whisperx", "local", "train", "serve", "mcp", "langchain", "ray", "postgres", "otel", "vllm"} <= set(extras)
    assert not any("torch" in item or "vllm" in item for item in PROJECT["project"]["dependencies"])
    assert any({"extra": "vllm"} in pair for pair in PROJECT["tool"]["uv"]["conflicts"])


def test_imports_point_one_way() -> None:
    wrong = [f"{path}: {name}" for path in _sources() for name in _imports(path) if _layer(name) > _own_layer(path)]
    assert not wrong


def test_imports_of_tools_point_one_way() -> None:
    """What a folder of tools measures may rest on the files and models below it, and on nothing beside it."""
    paths = sorted((ROOT / "tools").rglob("*.py"))
    assert {path.parent.name for path in paths} == {"tools", *TOOLS}
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in paths
        for name in _imports(path)
        if (folder := _folder(name)) != path.parent.name and TOOLS.get(folder, 0) >= TOOLS.get(path.parent.name, 1)
    ]
    assert not wrong


def test_heavy_packages_are_not_imported_at_module_level() -> None:
    heavy = {"mediapipe", "cv2", "av", "pocketsphinx", "swift_f0", "onnxruntime", "torch", "transformers", "whisperx"}
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in _sources()
        for name in _imports(path, top_only=True)
        if name.partition(".")[0] in heavy
    ]
    assert not wrong


def test_modules_keep_to_the_budget() -> None:
    lengths = sorted(len(path.read_text().splitlines()) for path in _sources())
    assert lengths[len(lengths) // 2] < 250
    assert lengths[-1] <= 400


def _sources() -> Iterator[Path]:
    yield from (ROOT / "emoagent").glob("*.py")
    for folder in ("emoagent/commands", "prompts", "tools", "agents", "graphs", "viewer", "bridges"):
        yield from _below(folder, "*.py")


def _below(folder: str, pattern: str) -> Iterator[Path]:
    """Files of our own: the front end's packages bring Python too."""
    return (path for path in (ROOT / folder).rglob(pattern) if "node_modules" not in path.parts)


def _imports(path: Path, *, top_only: bool = False) -> Iterator[str]:
    tree = ast.parse(path.read_text())
    for node in tree.body if top_only else ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (
                (f"{node.module}.{alias.name}" for alias in node.names) if node.module == "emoagent" else [node.module]
            )
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def _layer(module: str) -> int:
    package, _, rest = module.partition(".")
    if package != "emoagent":
        return -1
    part = rest.partition(".")[0]
    if part in FOUNDATION:
        return 0
    return LAYERS.index(part) if part in LAYERS else len(LAYERS) - 1


def _own_layer(path: Path) -> int:
    first, *_, last = path.relative_to(ROOT).parts
    if first == "emoagent":
        return 0 if last.removesuffix(".py") in FOUNDATION else len(LAYERS) - 1
    return LAYERS.index(first) if first in LAYERS else len(LAYERS) - 1


def _folder(module: str) -> str:
    """Which folder of tools a module lies in; "" for those beside the folders, and for others."""
    package, _, rest = module.partition("emoagent.tools.")
    folder = rest.partition(".")[0]
    return folder if not package and folder in TOOLS else ""
