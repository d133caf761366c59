"""The command line. Heavy parts are imported by the command that needs them, so that `--help` answers at once."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from emoagent import options, result_commands, service_commands
from emoagent.errors import EXIT_INTERRUPTED, EmoagentError, InternalError, out_of_space
from emoagent.options import Json

QUIET = {
    "GLOG_minloglevel": "3", "TF_CPP_MIN_LOG_LEVEL": "3", "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1",
    "PYANNOTE_METRICS_ENABLED": "0", "VLLM_NO_USAGE_STATS": "1", "ORT_DISABLE_TELEMETRY": "1",
}  # fmt: skip

app = typer.Typer(
    help="Which emotion each utterance of a video expresses, by whom, how sure, and why - with evidence to check.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
models = typer.Typer(help="The model files: list, pull, verify, bundle.", no_args_is_help=True)
app.add_typer(models, name="models")
train = typer.Typer(help="Train the models again, from published data.", no_args_is_help=True)
app.add_typer(train, name="train")


def main() -> None:
    """Entry point: every error leaves as one message with its exit status, never as a traceback."""
    os.environ.update({name: value for name, value in QUIET.items() if name not in os.environ})
    _open_streams()
    try:
        app()
    except EmoagentError as error:
        show_error(error, as_json="--json" in sys.argv)
        sys.exit(error.exit_status)
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    except BrokenPipeError:
        _drop_output()
        sys.exit(0)
    except Exception as error:
        if isinstance(error, OSError) and (full := out_of_space(error)):
            show_error(full, as_json="--json" in sys.argv)
            _drop_output()
            sys.exit(full.exit_status)
        if os.environ.get("EMOAGENT_DEBUG"):
            raise
        show_error(InternalError(error), as_json="--json" in sys.argv)
        sys.exit(InternalError.exit_status)


def _drop_output() -> None:
    """What still waits to be written goes nowhere; Python would try again at its end, and exit with 120."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno() if sys.__stdout__ else 1)


def _open_streams() -> None:
    """What a closed stream is told goes nowhere; what its coding does not have is written as an escape."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def show_error(error: EmoagentError, *, as_json: bool) -> None:
    """Writes what happened and what to do to stderr; as the envelope `{code, message, hint, where}` with `--json`."""
    if as_json:
        typer.echo(json.dumps(error.envelope()), err=True)
        return
    typer.echo(f"error: {error.message}", err=True)
    if error.hint:
        typer.echo(f"  hint: {error.hint}", err=True)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"emoagent {version('emoagent')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="print it")] = False,
) -> None:
    """Which emotion each utterance of a video expresses, by whom, how sure, and why - with evidence to check."""


@app.command()
def analyze(
    files: Annotated[list[Path], typer.Argument(help="video or audio files", metavar="FILE", readable=False)],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="folder for the result [default: NAME.emoagent; none with --json]"),
    ] = None,
    as_json: Json = False,
    profile: options.Profile = None,
    transcript: options.Transcript = None,
    language: options.Language = None,
    agents: Annotated[str | None, typer.Option(help="perception agents to run, with commas [default: all]")] = None,
    policy: options.Policy = None,
    mode: options.Mode = None,
    context: options.Context = None,
    resume: Annotated[bool, typer.Option("--resume", help="go on with an interrupted run")] = False,
    reasoner_url: options.ReasonerUrl = None,
    reasoner_model: options.ReasonerModel = None,
    adapter: options.Adapter = None,
    vision_url: options.VisionUrl = None,
    vision_model: options.VisionModel = None,
    captions: options.Captions = None,
    ablate: Annotated[bool, typer.Option("--ablate", help="ask the language model again without each source")] = False,
) -> None:
    """Analyse media files: a trace, a report and a table of what each utterance expresses."""
    from emoagent.commands.analyze import run
    from emoagent.settings import load_settings

    names = tuple(name.strip() for name in agents.split(",") if name.strip()) if agents else None
    settings = load_settings(
        profile=profile, transcript=transcript, language=language, agents=names, policy=policy, mode=mode,
        context=context, reasoner_url=reasoner_url, reasoner_model=reasoner_model, adapter=adapter,
        vision_url=vision_url, vision_model=vision_model, captions=captions, ablate=ablate or None,
    )  # fmt: skip
    raise typer.Exit(run(files, out, settings, as_json=as_json, resume=resume))


result_commands.add_to(app)
service_commands.add_to(app)


@app.command("eval")
def evaluate(
    name: Annotated[str | None, typer.Argument(help="the benchmark, see --list", metavar="NAME")] = None,
    data: Annotated[Path | None, typer.Option(help="folder with the corpus as its authors release it")] = None,
    split: Annotated[
        str | None, typer.Option(help="part of the corpus; test splits are for final figures only [default: dev]")
    ] = None,
    reasoner: Annotated[
        str, typer.Option(help="who judges: embedded, or language (as the settings name it)")
    ] = "embedded",
    text_model: Annotated[Path | None, typer.Option(help="folder of a text model [default: the shipped one]")] = None,
    mode: Annotated[str | None, typer.Option(help="causal or offline [default: causal]")] = None,
    policy: Annotated[
        str | None, typer.Option(help="on conflict: reliability-weighted, report-both, face-first or voice-first")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="of everything that is drawn")] = 7,
    limit: Annotated[int | None, typer.Option(min=1, help="only the first so many items")] = None,
    judge: Annotated[str, typer.Option(help="who reads free text: overlap or openai:MODEL@URL")] = "overlap",
    predictions: Annotated[
        Path | None, typer.Option(help="judge the answers in this file (JSON lines) or run folder", metavar="PATH")
    ] = None,
    save: Annotated[bool, typer.Option("--save", help="write it into evals/results of the checkout")] = False,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="write it into this folder instead")] = None,
    benchmarks: Annotated[bool, typer.Option("--list", help="list the benchmarks")] = False,
    as_json: Json = False,
) -> None:
    """Measure a reasoner on a benchmark: every figure with its interval, beside text alone and floors."""
    from emoagent.commands import evaluate as command

    if benchmarks:
        command.listing(as_json=as_json)
        return
    options = command.options(
        split=split, reasoner=reasoner, text_model=text_model, mode=mode, policy=policy, seed=seed, limit=limit,
        judge=judge, predictions=predictions,
    )  # fmt: skip
    command.run(name, data, options, as_json=as_json, keep=save, out=out)


@app.command()
def agents(as_json: Json = False) -> None:
    """List the agents: what they do, need and cost."""
    from emoagent.commands.agents import run

    run(as_json=as_json)


@app.command()
def doctor(as_json: Json = False) -> None:
    """Check this machine: Python, libraries, models, disk; each finding names its fix."""
    from emoagent.commands.doctor import run

    raise typer.Exit(run(as_json=as_json))


@models.command("list")
def models_list(as_json: Json = False) -> None:
    """List the model files with size, licence and state."""
    from emoagent.commands.models import listing

    listing(as_json=as_json)


@models.command("pull")
def models_pull(
    names: Annotated[
        list[str] | None, typer.Argument(help="from the list, or organisation/model of the hub [default: all needed]")
    ] = None,
    profile: Annotated[str | None, typer.Option(help="those that embedded, local or server use by default")] = None,
    revision: Annotated[str | None, typer.Option(help="branch, tag or commit [default: as pulled, or main]")] = None,
    source: Annotated[Path | None, typer.Option("--from", help="unpack what `models bundle` wrote")] = None,
) -> None:
    """Fetch models into the cache, checked and pinned; a gated one needs HF_TOKEN in the environment."""
    from emoagent.commands import models as command

    if source is not None:
        command.unbundle(source)
    else:
        command.pull(names or [], revision=revision, profile=profile)


@models.command("bundle")
def models_bundle(
    names: Annotated[list[str] | None, typer.Argument(help="[default: all that are here]")] = None,
    out: Annotated[Path, typer.Option("-o", "--out", help="the tar file")] = Path("models.tar"),
) -> None:
    """Pack fetched models into one file for a machine without a network (there: models pull --from FILE)."""
    from emoagent.commands.models import bundle

    bundle(names or [], out)


@models.command("verify")
def models_verify(as_json: Json = False) -> None:
    """Check the cached model files against their sha256."""
    from emoagent.commands.models import verify

    verify(as_json=as_json)


@train.command("text")
def train_text(
    data: Annotated[Path, typer.Option(help="folder that holds goemotions/, xed/, emobank/, emorynlp/, meld/")],
    out: Annotated[Path, typer.Option("-o", "--out", help="folder for the model")],
    corpus: Annotated[str, typer.Option(help="permissive (what is shipped) or meld (research only)")] = "permissive",
    seed: Annotated[int, typer.Option(help="order of the data, dropout")] = 7,
    start: Annotated[Path | None, typer.Option(help="folder of a permissive model from which meld goes on")] = None,
    encoder: Annotated[Path | None, typer.Option(help="folder of the encoder [default: all-MiniLM-L6-v2]")] = None,
    as_json: Json = False,
) -> None:
    """Fine-tune the text model, calibrate it and export it to ONNX int8; use it by EMOAGENT_TEXT_MODEL=FOLDER."""
    from emoagent.commands.train import text

    text(corpus, data, out, seed=seed, start=start, encoder=encoder, as_json=as_json)
