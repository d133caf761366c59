"""Files to analyse: sent, followed while it goes on, looked at, deleted. Nothing is fetched from an address."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Path, UploadFile
from fastapi.responses import FileResponse, HTMLResponse, Response, StreamingResponse
from pydantic import ValidationError

from emoagent.affect import Consent, Sense
from emoagent.bridges.http import job_view
from emoagent.bridges.http.auth import Caller
from emoagent.bridges.http.errors import problems
from emoagent.bridges.http.job_folder import ID, Job, new_id, plain_name, subtitle_suffix
from emoagent.bridges.http.job_view import JobList, JobView, view
from emoagent.bridges.http.server import Server
from emoagent.bridges.http.sessions import ASK, Agreed
from emoagent.errors import Clash, NoConsent, NotFound, Refused, UsageError
from emoagent.run_folder import TRACE
from emoagent.schema import Mode, Policy, Trace
from emoagent.settings import FORBIDDEN_CONTEXTS, Context

SENSE_OF: dict[str, Sense] = {
    "text": "text", "dialogue": "text", "voice": "voice", "face": "face", "behavior": "face",
}  # fmt: skip
JobName = Annotated[str, Path(description="of a job", pattern=ID, examples=["0" * 32])]


def router(server: Server) -> APIRouter:
    """`/v1/jobs…`."""
    routes = APIRouter(prefix="/v1/jobs", tags=["jobs"])
    _sending(routes, server)
    _following(routes, server)
    _results(routes, server)
    return routes


def _sending(routes: APIRouter, server: Server) -> None:
    @routes.post("", status_code=202, responses=problems(), summary="Send a file to be analysed")
    def submit(
        caller: Caller,
        file: Annotated[UploadFile, File(description="video or audio")],
        consent: Annotated[str, Form(description="JSON: what the people in it have agreed to", max_length=1000,
                                     examples=['{"text": true, "voice": true, "face": true}'])] = "",
        subtitles: Annotated[UploadFile | None, File(description=".srt, .vtt or .ass; default: it is heard")] = None,
        context: Annotated[Context | None, Form(description="where the recording comes from")] = None,
        policy: Annotated[Policy, Form(description="what to do when modalities disagree")] = "reliability-weighted",
        mode: Annotated[Mode, Form(description="causal: a verdict never sees what comes later")] = "causal",
    ) -> JobView:  # fmt: skip
        """It waits for its turn; what is not agreed to is not analysed."""
        agreed = _agreed(consent)
        server.jobs.room()
        job = Job(
            id=new_id(), owner=caller.owner, name=plain_name(file.filename), consent=agreed, created=datetime.now(UTC),
            settings={**_allowed(agreed), "context": _context(server, context, agreed), "policy": policy, "mode": mode},
        )  # fmt: skip
        spoken = (plain_name(subtitles.filename), subtitles.file) if subtitles else None
        if spoken:
            subtitle_suffix(spoken[0])
        server.jobs.folders.add(job, file.file, spoken)
        server.jobs.submit(job)
        return view(server, job.id, caller.owner)


def _following(routes: APIRouter, server: Server) -> None:
    folders = server.jobs.folders

    @routes.get("", responses=problems(), summary="The caller's jobs")
    def own(caller: Caller) -> JobList:
        """Latest first, the last hundred."""
        mine = [job.id for job in folders.all() if job.owner == caller.owner]
        return JobList(jobs=[view(server, job, caller.owner) for job in mine[:-101:-1]])

    @routes.get("/{job}", responses=problems(404), summary="One job")
    def one(caller: Caller, job: JobName) -> JobView:
        """How far it is."""
        return view(server, job, caller.owner)

    @routes.get(
        "/{job}/events", response_class=StreamingResponse, summary="Follow a job",
        responses={**problems(404), 200: {"content": {"text/event-stream": {}}, "description": "a JobView each"}},
    )  # fmt: skip
    async def events(caller: Caller, job: JobName) -> StreamingResponse:
        """Server-sent events: the job whenever it has changed, until it has ended."""
        await asyncio.to_thread(folders.read, job, caller.owner)
        stream = job_view.events(server, job, caller.owner)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})

    @routes.post("/{job}/cancel", responses=problems(404, 409), summary="Stop a job")
    def cancel(caller: Caller, job: JobName) -> JobView:
        """409 where it has ended already."""
        folders.read(job, caller.owner)
        server.jobs.cancel(job)
        return view(server, job, caller.owner)

    @routes.delete("/{job}", status_code=204, responses=problems(404), summary="Delete a job")
    def delete(caller: Caller, job: JobName) -> None:
        """The file that was sent, the result, everything; one that goes on is stopped."""
        folders.read(job, caller.owner)
        server.jobs.delete(job)


def _results(routes: APIRouter, server: Server) -> None:
    @routes.get(
        "/{job}/result", response_class=FileResponse, responses={**problems(404, 409), 200: {"model": Trace}},
        summary="The trace",
    )  # fmt: skip
    def result(caller: Caller, job: JobName) -> FileResponse:
        """The same as `emoagent analyze --json`. 409 while it is not done."""
        return FileResponse(_done(server, job, caller.owner) / TRACE, media_type="application/json")

    @routes.get(
        "/{job}/report", response_class=Response, summary="The report",
        responses={**problems(404, 409), 200: {"content": {"text/html": {}}, "description": "one page"}},
    )  # fmt: skip
    def report(caller: Caller, job: JobName) -> HTMLResponse:
        """The evidence report as one page, without the video."""
        from emoagent.viewer.document import document, policy
        from emoagent.viewer.exports.result import Result
        from emoagent.viewer.payload import payload_of
        from emoagent.viewer.pictures import Pictures
        from emoagent.viewer.report import references

        folder = _done(server, job, caller.owner)
        found = Result.open(folder)
        pictures = Pictures(references(found.trace), folder / "media", folder / TRACE)
        rules = policy(links_pictures=pictures.linked)
        page = "".join(document(payload_of(found, video=None), pictures, rules))
        return HTMLResponse(page, headers={"Content-Security-Policy": f"{rules}; frame-ancestors 'none'"})

    @routes.get("/{job}/media/{name}", include_in_schema=False)
    def picture(caller: Caller, job: JobName, name: str) -> FileResponse:
        """A thumbnail of a report that has too many to hold them itself."""
        from emoagent.viewer.pictures import Pictures

        folder = _done(server, job, caller.owner)
        known = Pictures([f"media/{name}"], folder / "media", folder / TRACE)
        if not known:
            raise NotFound("there is no such picture", where="name")
        file, kind = known.file(f"media/{name}")
        return FileResponse(file, media_type=kind)


def _done(server: Server, job: str, owner: str) -> FilePath:
    found = server.jobs.folders.read(job, owner)
    if found.state != "done":
        raise Clash(
            f"the job is {found.state}: it has no result", hint="GET /v1/jobs/ID/events follows it", where="job"
        )
    return server.jobs.folders.out(job)


def _agreed(text: str) -> Consent:
    if not text.strip():
        raise NoConsent("a job needs to know what the people in the file have agreed to", hint=ASK, where="consent")
    try:
        return Agreed.model_validate_json(text).consent()
    except ValidationError:
        hint = 'e.g. {"text": true, "voice": true, "face": false}'
        raise UsageError("consent is no JSON of this form", hint=hint, where="consent") from None


def _allowed(consent: Consent) -> dict[str, Any]:
    """The settings that keep the analysis to what was agreed to."""
    from emoagent.agents.registry import perceivers

    names = [agent.name for agent in perceivers() if consent.allows(SENSE_OF[agent.modality])]
    return {"agents": names, "tell_voices": consent.voice, **({} if consent.text else {"transcript": "windows"})}


def _context(server: Server, asked: Context | None, consent: Consent) -> Context:
    """Where the recording comes from; a server that runs at work or in a school cannot be told otherwise. Raises
    `Refused` where the policy forbids what was agreed to."""
    own = server.analyzer.settings.context
    context = own if asked is None or own in FORBIDDEN_CONTEXTS else asked
    if context in FORBIDDEN_CONTEXTS and (consent.voice or consent.face):
        why = f"in the context {context!r}, emotions must not be inferred from face or voice"
        raise Refused(f"{why} (EU AI Act, Article 5(1)(f))", hint='send {"text": true} as the consent', where="context")
    return context
