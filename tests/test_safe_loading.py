"""Nothing that is loaded can run code: no code from the hub, no pickles. Read from the source, so that no path escapes.

What is argued for, and all there is: `torch_weights` has a reader of pickles that can build numbers and tensors alone;
`hub_files` names the endings that it refuses; `assets` names two pickles of a package that only that reader opens;
`pyannote_voices` has torch's own restricted reader (`weights_only=True`) look at what a user has fetched from pyannote
before it is used; and `model.bin` is CTranslate2's format, whose header is checked when it is pulled.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = ("emoagent", "agents", "tools", "graphs", "prompts", "evals", "training", "viewer", "benchmarks", ".ci")
READER, REFUSED, PACKAGED = "tools/weights/torch_weights.py", "tools/weights/hub_files.py", "tools/weights/assets.py"
RESTRICTED = "tools/voice/pyannote_voices.py"
CTRANSLATE = {"tools/weights/hub_files.py", "tools/words/whisper_models.py", "tools/words/whisperx_transcript.py"}
DANGEROUS_IMPORTS = {"pickle", "cPickle", "_pickle", "joblib", "dill", "cloudpickle", "shelve", "marshal", "jsonpickle"}
DANGEROUS_CALLS = {
    "torch.load", "torch.hub.load", "torch.jit.load", "torch.package.PackageImporter", "np.load_pickle", "yaml.load",
    "yaml.unsafe_load", "pd.read_pickle", "pandas.read_pickle", "numpy.lib.format.read_array",
}  # fmt: skip
PICKLED = re.compile(r"[\w{}*/-]*\.(bin|pt|pth|ckpt|pkl|pickle)")
REMOTE_CODE = re.compile(r"trust[_-]remote[_-]code")


def sources() -> list[Path]:
    """Every Python file of the project but its tests, by its real place."""
    found = {path.resolve() for folder in SOURCES for path in (ROOT / folder).rglob("*.py")}
    return sorted(path for path in found if "__pycache__" not in path.parts)


def name_of(path: Path) -> str:
    """As in the allow-lists."""
    return path.relative_to(ROOT).as_posix()


def dotted(node: ast.AST) -> str:
    """`a.b.c` of a name or an attribute; empty for anything else."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


@cache
def nodes() -> list[tuple[str, ast.AST]]:
    """Every call, import and constant of every file, with the file's name."""
    kinds = (ast.Call, ast.Import, ast.ImportFrom, ast.Constant)
    trees = ((name_of(path), ast.parse(path.read_text(encoding="utf-8"))) for path in sources())
    return [(name, node) for name, tree in trees for node in ast.walk(tree) if isinstance(node, kinds)]


def test_there_is_something_to_look_at() -> None:
    names = [name_of(path) for path in sources()]
    assert len(names) > 200
    assert {READER, REFUSED, PACKAGED, RESTRICTED, *CTRANSLATE} <= set(names), (
        "the allow-lists name files that are there"
    )


def test_no_code_from_the_hub() -> None:
    scripts = [ROOT / ".ci" / "run", *ROOT.glob("viewer/static/*.js"), *ROOT.glob("*.toml")]
    wrong = [name_of(path) for path in (*sources(), *scripts) if REMOTE_CODE.search(path.read_text(encoding="utf-8"))]
    assert not wrong


def test_no_pickles_are_imported_but_by_the_reader_that_can_build_numbers_alone() -> None:
    wrong = set()
    for name, node in nodes():
        modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        wrong |= {name for module in modules if module.partition(".")[0] in DANGEROUS_IMPORTS}
    assert wrong == {READER}
    from emoagent.tools.weights import torch_weights

    called = re.findall(r"pickle\.(\w+)", Path(torch_weights.__file__).read_text())
    assert set(called) <= {"Unpickler", "UnpicklingError"}, "it only derives its own reader"


def dangerous(found: Iterable[tuple[str, ast.AST]]) -> list[str]:
    """The calls among these nodes that unpickle or run text."""
    wrong = []
    for name, node in found:
        if isinstance(node, ast.Call):
            called = dotted(node.func)
            allows = any(word.arg == "allow_pickle" and not _false(word.value) for word in node.keywords)
            held = name == RESTRICTED and any(
                word.arg == "weights_only" and _true(word.value) for word in node.keywords
            )
            if (called in DANGEROUS_CALLS and not held) or called in ("eval", "exec") or allows:
                wrong.append(f"{name}:{node.lineno} {called}")
    return wrong


def test_no_call_that_unpickles_or_runs_text() -> None:
    assert not dangerous(nodes())


def _true(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _false(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is False


def test_weights_are_loaded_from_this_machine_and_from_safetensors() -> None:
    wrong = []
    for name, node in nodes():
        if not (isinstance(node, ast.Call) and dotted(node.func).endswith("from_pretrained")):
            continue
        told = {word.arg: word.value for word in node.keywords}
        words = re.search("Tokenizer|Processor|PeftModel", ast.unparse(node.func)) is not None
        needed = ("local_files_only",) if words else ("local_files_only", "use_safetensors")
        if not all(isinstance(told.get(key), ast.Constant) and told[key].value is True for key in needed):  # type: ignore[attr-defined]
            wrong.append(f"{name}:{node.lineno}")
    assert not wrong


def test_no_file_of_pickled_weights_is_named() -> None:
    wrong = []
    for name, node in nodes():
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and PICKLED.fullmatch(node.value):
            fine = name in (REFUSED, PACKAGED, READER, RESTRICTED) or (name in CTRANSLATE and node.value == "model.bin")
            wrong += [] if fine else [f"{name}:{node.lineno} {node.value}"]
    assert not wrong


@pytest.mark.parametrize(
    "line", ["torch.load(p)", "np.load(p, allow_pickle=True)", "np.load(p, allow_pickle=flag)", "exec(text)"]
)
def test_the_search_finds_what_it_looks_for(line: str) -> None:
    assert dangerous(("x", node) for node in ast.walk(ast.parse(line)))
