"""The report: complete, self-contained, safe with hostile transcripts, whole or absent, small."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from example_trace import example_trace
from hostile import hostile_trace
from report_page import HOSTILE, JPEG, Page, page_of, read

from emoagent.errors import OutputError, UsageError
from emoagent.schema import Claim, ClaimAudit, Trace
from emoagent.tools.plain_text import clock
from emoagent.viewer.document import document, policy
from emoagent.viewer.exports.result import Result
from emoagent.viewer.payload import payload_of
from emoagent.viewer.pictures import Pictures
from emoagent.viewer.report import write_report
from emoagent.viewer.visible import all_visible, visible
from emoagent.viewer.wording import percent

EMPTY = ("people", "utterances", "evidence", "opinions", "conflicts", "verdicts", "audits")
SCRIPTS = [{"type": "application/octet-stream", "id": "data"}, {"type": "application/json", "id": "pictures"}, {}]


def _hostile(text: str) -> Trace:
    trace = example_trace()
    verdict = trace.verdicts[0].model_copy(update={"open_labels": (text,)})
    claims = tuple(claim.model_copy(update={"text": text}) for claim in verdict.claims)
    return trace.model_copy(
        update={
            "clip": trace.clip.model_copy(update={"name": text}),
            "people": tuple(p.model_copy(update={"name": text}) for p in trace.people),
            "utterances": tuple(u.model_copy(update={"text": text}) for u in trace.utterances),
            "evidence": tuple(e.model_copy(update={"finding": text, "kind": text}) for e in trace.evidence),
            "verdicts": (verdict.model_copy(update={"claims": claims}), *trace.verdicts[1:]),
            "faults": tuple(f.model_copy(update={"message": text, "hint": text}) for f in trace.faults),
        }
    )


def _long(times: int) -> Trace:
    """The example again and again, one after the other."""
    trace = example_trace()
    text = trace.model_dump_json()
    duration = trace.clip.duration

    def copy(i: int) -> dict[str, Any]:
        def later(record: dict[str, Any]) -> dict[str, Any]:
            spans = record.keys() == {"start", "end"}
            return {k: v + i * duration for k, v in record.items()} if spans else record

        loaded: dict[str, Any] = json.loads(re.sub(r'"u(\d)', rf'"r{i}u\1', text), object_hook=later)
        return loaded

    copies = [copy(i) for i in range(times)]
    keys = ("utterances", "evidence", "opinions", "conflicts", "verdicts", "audits")
    many: dict[str, Any] = {key: [record for one in copies for record in one[key]] for key in keys}
    clip = trace.clip.model_copy(update={"duration": duration * times}).model_dump()
    return Trace.model_validate(trace.model_dump() | many | {"clip": clip})


def test_the_page_holds_the_whole_trace(tmp_path: Path) -> None:
    trace = example_trace()
    payload = page_of(trace, tmp_path).payload
    assert payload["trace"] == trace.model_dump(mode="json")
    assert payload["labels"] == ["neutral", "joy", "anger", "surprise", "sadness", "disgust", "fear"]
    assert payload["format"] == 1
    empty: dict[str, Any] = {
        "video": None,
        "series": [],
        "peaks": [],
        "timings": {},
        "layers": [],
        "others": [],
        "live": False,
    }
    assert {name: payload[name] for name in empty} == empty
    assert set(payload) == {"format", "trace", "labels", "contours", *empty}


def test_the_page_is_what_the_front_end_says_it_is(tmp_path: Path) -> None:
    """Names of fields, as in the interface `Payload`; a name that is gone would be undefined in the browser."""
    model = (Path(__file__).parents[1] / "viewer" / "front" / "src" / "model.ts").read_text(encoding="utf-8")
    body = re.search(r"export interface Payload \{(.*?)\n\}", model, re.DOTALL)
    assert body is not None
    assert set(re.findall(r"^  (\w+)\??:", body.group(1), re.MULTILINE)) == set(
        page_of(example_trace(), tmp_path).payload
    )


def test_a_table_tells_the_same_without_any_script(tmp_path: Path) -> None:
    rows = page_of(example_trace(), tmp_path).rows
    assert [row[0] for row in rows] == ["0:00.8", "0:04.1", "0:06.9", "0:09.3", "0:11.2"]
    assert rows[1][1:5] == ["Ben", "Oh wow. That's… great.", "sadness", "46 %"]
    assert rows[1][5].startswith("The inner brows go up and together, and the head turns away. He pauses")
    assert "Against it: The words themselves are approving." in rows[1][5]
    assert "Context: Anna had just told her news with joy." in rows[1][5]
    assert rows[3][3:] == ["abstained", "", "only one weak source: the voice, for 0.7 s"]


def test_an_unsupported_claim_is_marked_and_what_it_cites_may_not_exist(tmp_path: Path) -> None:
    trace = example_trace()
    claim = Claim(text="The voice trembles.", cites=("u1.voice.1", "u1.voice.99"))
    mark = ClaimAudit(claim=0, divergence=0, flipped=False, supported=False, unknown=("u1.voice.99",),
                      reason="it cites evidence that does not exist here")  # fmt: skip
    verdict = trace.verdicts[0].model_copy(update={"claims": (claim,)})
    audit = trace.audits[0].model_copy(update={"claims": (mark,), "cited_removed": 4, "uncited_removed": 1})
    changed = {"verdicts": (verdict, *trace.verdicts[1:]), "audits": (audit, *trace.audits[1:])}
    page = page_of(trace.model_copy(update=changed), tmp_path)
    assert page.rows[0][5] == "The voice trembles. (not supported: it cites evidence that does not exist here)"
    assert page.payload["trace"]["audits"][0] == audit.model_dump(mode="json")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str, tmp_path: Path) -> None:
    (tmp_path / "clean").mkdir()
    page, clean = page_of(_hostile(text), tmp_path), page_of(example_trace(), tmp_path / "clean")
    assert [name for name, _ in page.elements] == [name for name, _ in clean.elements]
    assert page.every("script") == SCRIPTS
    assert not [attrs for _, attrs in page.elements if any(key.startswith("on") for key in attrs)]
    assert {row[2] for row in page.rows} == {visible(text)}
    assert page.payload["trace"]["utterances"][0]["text"] == visible(text)
    assert page.payload["trace"]["evidence"][0]["finding"] == visible(text)
    for written in (page.html, json.dumps(page.payload, ensure_ascii=False)):
        assert not re.search("[\x00-\x08\x0e-\x1f\u202a-\u202e\u2066-\u2069\u2028\u2029]", written)


def test_ids_pictures_and_labels_of_strangers_stay_text_too(tmp_path: Path) -> None:
    trace = hostile_trace()
    page = page_of(trace, tmp_path)
    assert page.every("script") == SCRIPTS
    assert not page.every("img")
    assert not page.pictures, "what leads out of the folder is no picture"
    assert page.payload["trace"] == all_visible(trace.model_dump(mode="json"))


def test_what_cannot_be_seen_is_spelt_out() -> None:
    assert visible("a\u202eb\x1bc\ud800") == "a⟦U+202E⟧b␛c⟦U+D800⟧"
    assert visible("שלום 👩‍🔬 naïve\n\t") == "שלום 👩‍🔬 naïve\n\t"
    assert all_visible({"a\x00": ["\u2066b", 1, None]}) == {"a␀": ["⟦U+2066⟧b", 1, None]}


@pytest.mark.parametrize("code", [*range(0x20), *range(0x7F, 0xA0), 0x61C, *range(0x200B, 0x2070), 0xFEFF, 0xFFFA])
def test_no_sign_that_is_spelt_out_is_overlooked_in_the_payload(code: int, tmp_path: Path) -> None:
    text = f"a{chr(code)}b"
    trace = example_trace().model_copy(update={"clip": example_trace().clip.model_copy(update={"name": text})})
    pieces = payload_of(Result(tmp_path, trace)).pieces()
    assert json.loads(b"".join(pieces))["trace"]["clip"]["name"] == visible(text)


def test_nothing_can_be_loaded_and_only_our_script_can_run(tmp_path: Path) -> None:
    page = page_of(example_trace(), tmp_path)
    rules = dict(rule.split(" ", 1) for rule in page.policy.split("; "))
    style, script = page.inside("style"), page.html.rpartition("<script>")[2].partition("</script>")[0]
    assert rules == {
        "default-src": "'none'", "style-src": _digest(style), "script-src": _digest(script), "img-src": "data:",
        "base-uri": "'none'", "form-action": "'none'",
    }  # fmt: skip
    assert page.html.index("Content-Security-Policy") < page.html.index("<style")
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page.html)
    assert ' style="' not in page.html


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def test_thumbnails_are_embedded_and_only_from_the_media_folder(tmp_path: Path) -> None:
    run = tmp_path / "run"
    (run / "media").mkdir(parents=True)
    (run / "media" / "u1.jpg").write_bytes(JPEG)
    (run / "media" / "u2.jpg").write_text("<svg onload=alert(1)>")
    (tmp_path / "secret.jpg").write_bytes(JPEG)
    (run / "media" / "u5.jpg").symlink_to(tmp_path / "secret.jpg")
    assert page_of(example_trace(), run).pictures == {
        "media/u1.jpg": f"data:image/jpeg;base64,{base64.b64encode(JPEG).decode()}"
    }
    escaping = tuple(e.model_copy(update={"media_ref": "media/../../secret.jpg"}) for e in example_trace().evidence)
    assert not page_of(example_trace().model_copy(update={"evidence": escaping}), run).pictures


def test_many_thumbnails_are_linked_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emoagent.viewer.pictures.EMBED_AT_MOST", 10)
    name = '<b> & "c".jpg'
    evidence = tuple(e.model_copy(update={"media_ref": f"media/{name}"}) for e in example_trace().evidence)
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / name).write_bytes(JPEG)
    page = page_of(example_trace().model_copy(update={"evidence": evidence}), tmp_path)
    assert page.pictures == {f"media/{name}": "media/%3Cb%3E%20%26%20%22c%22.jpg"}
    assert "<b>" not in page.html
    assert "img-src data: 'self' file:" in page.policy


def test_the_video_is_beside_the_page_or_nowhere(tmp_path: Path) -> None:
    page = page_of(example_trace(), tmp_path, video="a clip #1.mp4")
    assert page.payload["video"] == "./a%20clip%20%231.mp4"
    assert "media-src 'self' file:" in page.policy
    assert "media-src" not in page_of(example_trace(), tmp_path).policy


@pytest.mark.parametrize("video", ["https://example.org/x.mp4", "//example.org/x.mp4", "javascript:alert(1)", "/x.mp4"])
def test_video_elsewhere_is_refused(video: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a relative path"):
        page_of(example_trace(), tmp_path, video=video)


def test_report_is_whole_or_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out" / "report.html"
    write_report(payload_of(Result(tmp_path, example_trace())), path, tmp_path)
    first = path.read_bytes()
    write_report(payload_of(Result(tmp_path, example_trace())), path, tmp_path)
    assert path.read_bytes() == first
    assert read(path).packed[:8] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "no file name and no time in it"

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputError, match="No space left"):
        write_report(payload_of(Result(tmp_path, _hostile("other"))), path, tmp_path)
    assert path.read_bytes() == first
    assert [entry.name for entry in path.parent.iterdir()] == ["report.html"]


def test_path_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        write_report(payload_of(Result(tmp_path, example_trace())), tmp_path / "file" / "report.html", tmp_path)


def test_the_page_of_600_utterances_is_small(tmp_path: Path) -> None:
    trace = _long(120)
    page = page_of(trace, tmp_path)
    assert len(page.payload["trace"]["utterances"]) == len(page.rows) == 600
    assert len(page.html.encode()) < 1_000_000


def test_the_page_is_made_piece_by_piece(tmp_path: Path) -> None:
    """So that a long run needs the memory of one record beside its trace."""
    payload = payload_of(Result(tmp_path, _long(120)))
    sizes = [len(piece) for piece in payload.pieces()]
    assert sum(sizes) > 2_000_000
    assert max(sizes) < 5_000
    path = tmp_path / "report.html"
    assert max(map(len, document(payload, Pictures((), None, path), policy()))) < 300_000, "the script is the longest"


def test_bare_traces_have_a_page(tmp_path: Path) -> None:
    trace = example_trace()
    silent = trace.clip.model_copy(update={"video": None, "audio": None})
    page = page_of(trace.model_copy(update={**dict.fromkeys(EMPTY, ()), "clip": silent}), tmp_path)
    assert page.payload["trace"]["utterances"] == page.rows == []
    unjudged = trace.model_copy(update={"verdicts": (), "audits": (), "opinions": (), "evidence": ()})
    assert page_of(unjudged, tmp_path).rows[0][3:] == ["no verdict", "", "this utterance was not judged"]
    other_set = trace.model_copy(update={"label_set": "of another version"})
    assert page_of(other_set, tmp_path).payload["labels"] == []


def test_numbers_as_words() -> None:
    assert [clock(s) for s in (0, 4.1, 59.96, 65.25, 3600)] == ["0:00.0", "0:04.1", "0:59.9", "1:05.2", "1:00:00.0"]
    assert [percent(p) for p in (0, 0.001, 0.616, 0.999, 1)] == ["0 %", "<1 %", "62 %", ">99 %", "100 %"]


@pytest.mark.real
def test_a_real_page_names_no_place_of_this_machine(briefed: tuple[str, Path], brief: Path) -> None:
    page = read(briefed[1] / "report.html")
    told = json.dumps(page.payload) + page.html
    assert page.payload["video"].endswith(f"/{brief.name}")
    assert not [
        place for place in (briefed[1], brief.parent, Path.home()) if f"{place}/" in told and place != Path("/")
    ]
    assert page.payload["timings"] == {}
    assert {each["kind"] for each in page.payload["series"]} == {"face_quality", "action_unit", "pitch", "loudness"}
    assert {peak["utterance"] for peak in page.payload["peaks"]} <= {
        u["id"] for u in page.payload["trace"]["utterances"]
    }
    assert len(page.pictures) == len(page.payload["peaks"]) > 0


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs the browser `chromium`")
def test_browser_runs_nothing_of_a_hostile_transcript(tmp_path: Path) -> None:
    page_of(_hostile("".join(HOSTILE)), tmp_path)
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}",
             "--enable-logging=stderr", "--virtual-time-budget=4000", "--dump-dom"]  # fmt: skip
    command = ["chromium", *flags, f"{(tmp_path / 'report.html').as_uri()}#e=u2.face.2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if not done.stdout.strip():
        pytest.skip("the browser does not start here")
    assert not re.search(r'<div id="app"[^>]*></div>', done.stdout), "our own script has run"
    title = re.search("<title>(.*?)</title>", done.stdout)
    assert title is not None
    assert title.group(1) != "pwned"
    assert done.stdout.count("<script") == len(SCRIPTS)
    assert "Content Security Policy" not in done.stderr, "nothing even tried"


def test_page_of_a_parser_that_nests() -> None:
    assert Page("<p>a<b>b</b></p>").inside("p") == "a"
