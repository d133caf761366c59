"""Options of the command line that several commands share, or that stand in `Settings` as they are."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="print JSON on stdout and nothing else")]
Profile = Annotated[
    str | None, typer.Option(help="auto, embedded, local (models in process) or server (models behind HTTP)")
]
Transcript = Annotated[
    str | None, typer.Option(help="auto, subtitles, whisperx (of the extra), pocketsphinx or windows")
]
Language = Annotated[str | None, typer.Option(help="of the speech, e.g. de, for whisperx [default: it finds out]")]
Policy = Annotated[
    str | None, typer.Option(help="on conflict: reliability-weighted, report-both, face-first or voice-first")
]
Mode = Annotated[str | None, typer.Option(help="causal: a verdict never sees what comes later; offline: in hindsight")]
Context = Annotated[str | None, typer.Option(help="unspecified, research, entertainment, workplace or education")]
ReasonerUrl = Annotated[
    str | None, typer.Option(metavar="URL", help="server of the language model, OpenAI-compatible: http://…/v1")
]
ReasonerModel = Annotated[
    str | None,
    typer.Option(metavar="MODEL", help="language model that judges: its name there, or a folder or hub id"),
]
Adapter = Annotated[str | None, typer.Option(metavar="NAME", help="its LoRA adapter: name at the server, or a folder")]
VisionUrl = Annotated[
    str | None, typer.Option(metavar="URL", help="server of the vision model [default: --reasoner-url]")
]
VisionModel = Annotated[
    str | None, typer.Option(metavar="MODEL", help="vision-language model that describes behaviour")
]
Captions = Annotated[
    str | None, typer.Option(help="descriptions of behaviour: blind, bemerc (with the dialogue) or off")
]
