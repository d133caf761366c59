"""The report: complete, self-contained, safe with hostile transcripts, whole or absent, small and fast."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from example_trace import example_trace

from emoagent.errors import OutputError, UsageError
from emoagent.schema import Claim, ClaimAudit, Trace
from emoagent.viewer.charts import label_class
from emoagent.viewer.markup import Markup, anchor, said, tag, visible
from emoagent.viewer.report import render, write_report
from emoagent.viewer.wording import audit_sentences, clock, percent, signed

HOSTILE = (
    "<script>document.title='pwned'</script>", "</script><img src=x onerror=alert(1)>", '"]]>', "=cmd|' /C calc'!A0",
    "\u202egnp.exe\u202c", "'\"><svg onload=alert(1)>", "a\u2028b\x00c\x1b[31m", "&lt;b&gt; {{7*7}} ${x}",
)  # fmt: skip
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 64
VOID = {"meta", "img", "input", "br", "link"}


class Page(HTMLParser):
    """Collects elements and text, and fails on tags that do not nest."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, f"left open: {self._open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def every(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.elements if name == tag]

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())


def _page(trace: Trace, media: Path | None = None, video: str | None = None) -> Page:
    return Page(render(trace, Path("report.html"), media=media, video=video))


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


def test_report_tells_the_whole_trace() -> None:
    trace = example_trace()
    page = _page(trace)
    for utterance in trace.utterances:
        assert utterance.text in page.text
    for item in trace.evidence:
        assert item.finding in page.text
    for model in trace.provenance.models:
        assert model.sha256 in page.text
        assert model.licence in page.text
    for words in (
        "kitchen_table.mp4", "Anna", "Ben", "Words and face disagree", "no face evidence: the speaker is not in view",
        "Removing the cited evidence changes the verdict; removing as many uncited items does not.", "Decoration.",
        "abstained", "only one weak source", "from joy to neutral", "torch is not installed", "transformers", "meld7",
        "Speaks against it:", "In other words: pride", "Conflicts only (1 of 5)",
    ):  # fmt: skip
        assert words in page.text
    assert not re.search(r"\bfeel", page.text.casefold())


def test_every_citation_leads_to_a_row_and_every_block_to_a_card() -> None:
    page = _page(example_trace())
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = [attrs["href"] for attrs in page.every("a") if (attrs.get("href") or "").startswith("#")]
    assert {t.removeprefix("#") for t in targets if t} <= set(ids)
    assert "e=u2.face.2" in ids
    assert "u=u5" in ids
    assert sum(t == "#u=u3" for t in targets) >= 2


def test_ids_that_are_not_plain_still_link() -> None:
    assert anchor("e", "u 1.<x>.1") == "e=u%201.%3Cx%3E.1"


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    page, clean = _page(_hostile(text)), _page(example_trace())
    assert [name for name, _ in page.elements].count("script") == 1
    assert {name for name, _ in page.elements} == {name for name, _ in clean.elements}
    assert not [attrs for _, attrs in page.elements if any(key.startswith("on") for key in attrs)]
    assert " ".join(visible(text).split()) in page.text
    raw = render(_hostile(text), Path("report.html"), media=None)
    assert not re.search("[\x00-\x08\x0e-\x1f\u202a-\u202e\u2066-\u2069\u2028\u2029]", raw)


def test_text_of_strangers_is_isolated() -> None:
    assert said("a<b") == "<bdi>a&lt;b</bdi>"
    assert visible("a\u202eb\x1bc\ud800") == "a⟦U+202E⟧b␛c⟦U+D800⟧"
    assert visible("שלום 👩‍🔬 naïve\n") == "שלום 👩‍🔬 naïve\n"
    assert tag("p", Markup("<b>"), 'x"', title='"<') == '<p title="&quot;&lt;"><b>x"</p>'


def test_nothing_can_be_loaded_and_only_our_script_can_run() -> None:
    html = render(example_trace(), Path("report.html"), media=None)
    policy = next(m["content"] for m in Page(html).every("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "media-src" not in policy
    for name in ("style", "script"):
        body = re.search(f"<{name}>(.*?)</{name}>", html, re.DOTALL)
        assert body is not None
        digest = base64.b64encode(hashlib.sha256(body.group(1).encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert not re.search(r'(?:src|href)="(?:https?:)?//', html)
    assert ' style="' not in html


def test_thumbnails_are_embedded_and_only_from_the_media_folder(tmp_path: Path) -> None:
    media = tmp_path / "media"
    media.mkdir()
    (media / "u1.jpg").write_bytes(JPEG)
    (media / "u2.jpg").write_text("<svg onload=alert(1)>")
    (tmp_path / "secret.jpg").write_bytes(JPEG)
    (media / "u5.jpg").symlink_to(tmp_path / "secret.jpg")
    page = _page(example_trace(), media)
    assert [image["src"] for image in page.every("img")] == [
        f"data:image/jpeg;base64,{base64.b64encode(JPEG).decode()}"
    ]
    assert "Anna" in (page.every("img")[0]["alt"] or "")
    escaping = tuple(e.model_copy(update={"media_ref": "media/../secret.jpg"}) for e in example_trace().evidence)
    assert not _page(example_trace().model_copy(update={"evidence": escaping}), media).every("img")


def test_many_thumbnails_are_linked_instead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emoagent.viewer.pictures.EMBED_AT_MOST", 10)
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "u1.jpg").write_bytes(JPEG)
    html = render(example_trace(), tmp_path / "report.html", media=tmp_path / "media")
    assert [image["src"] for image in Page(html).every("img")] == ["media/u1.jpg"]
    assert "img-src data: &#x27;self&#x27; file:" in html


def test_video_makes_every_time_a_link() -> None:
    page = _page(example_trace(), video="a clip #1.mp4")
    assert page.every("video")[0]["src"] == "./a%20clip%20%231.mp4"
    assert "./a%20clip%20%231.mp4#t=4.10" in [a.get("href") for a in page.every("a")]
    assert not _page(example_trace()).every("video")


@pytest.mark.parametrize("video", ["https://example.org/x.mp4", "//example.org/x.mp4", "javascript:alert(1)", "/x.mp4"])
def test_video_elsewhere_is_refused(video: str) -> None:
    with pytest.raises(UsageError, match="not a relative path"):
        _page(example_trace(), video=video)


def test_report_is_whole_or_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out" / "report.html"
    write_report(example_trace(), path, media=None)
    first = path.read_bytes()
    write_report(example_trace(), path, media=None)
    assert path.read_bytes() == first

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OutputError, match="No space left"):
        write_report(_hostile("other"), path, media=None)
    assert path.read_bytes() == first
    assert [entry.name for entry in path.parent.iterdir()] == ["report.html"]


def test_path_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        write_report(example_trace(), tmp_path / "file" / "report.html", media=None)


def test_the_page_of_600_utterances_is_small() -> None:
    trace = _long(120)
    assert len(trace.utterances) == 600
    html = render(trace, Path("report.html"), media=None)
    assert len(html.encode()) < 8_000_000


def test_bare_traces_render() -> None:
    trace = example_trace()
    nothing = dict.fromkeys(("people", "utterances", "evidence", "opinions", "conflicts", "verdicts", "audits"), ())
    silent = trace.model_copy(update={**nothing, "clip": trace.clip.model_copy(update={"video": None, "audio": None})})
    assert "No utterance was found" in _page(silent).text
    unjudged = trace.model_copy(update={"verdicts": (), "audits": (), "opinions": (), "evidence": ()})
    assert "this utterance was not judged" in _page(unjudged).text


def test_numbers_as_words() -> None:
    assert [clock(s) for s in (0, 4.1, 59.96, 65.25, 3600)] == ["0:00.0", "0:04.1", "0:59.9", "1:05.2", "1:00:00.0"]
    assert [percent(p) for p in (0, 0.001, 0.616, 1)] == ["0 %", "<1 %", "62 %", "100 %"]
    assert [signed(v) for v in (-0.24, 0.0, 0.5, -0.001)] == ["−0.24", "0.00", "+0.50", "0.00"]


def test_audit_is_told_in_plain_words() -> None:
    carried, decoration = example_trace().audits[1], example_trace().audits[2]
    unmoved = carried.model_copy(update={"cited_flipped": False, "uncited_flipped": 0.25})
    assert audit_sentences(decoration)[1].startswith("Removing the cited evidence changes next to nothing; removing")
    assert audit_sentences(unmoved)[1] == (
        "Removing the cited evidence keeps the label but moves 0.38 bits; "
        "removing as many uncited items changes the verdict in 25 % of the trials."
    )


def _doubted() -> Trace:
    """The first claim of the first verdict is not supported; it cites one item that exists and one that does not."""
    trace = example_trace()
    claim = Claim(text="The voice trembles.", cites=("u1.voice.1", "u1.voice.99"))
    mark = ClaimAudit(claim=0, divergence=0, flipped=False, supported=False, unknown=("u1.voice.99",),
                      reason="it cites evidence that does not exist here")  # fmt: skip
    verdict = trace.verdicts[0].model_copy(update={"claims": (claim,)})
    audit = trace.audits[0].model_copy(update={"claims": (mark,), "cited_removed": 4, "uncited_removed": 1})
    return trace.model_copy(update={"verdicts": (verdict, *trace.verdicts[1:]), "audits": (audit, *trace.audits[1:])})


def test_an_unsupported_claim_is_marked_on_the_page_and_cites_only_what_exists(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(_doubted(), path, media=None)
    page = path.read_text()
    assert "not supported: it cites evidence that does not exist here" in page
    assert 'class="supports unsupported"' in page
    assert "u1.voice.99" not in page.split('type="application/json"')[0]


def test_what_a_claim_about_the_words_rests_on_is_shown_with_links(tmp_path: Path) -> None:
    trace = example_trace()
    mark = trace.audits[1].claims[2].model_copy(update={"alone": "neutral", "earlier": ("u1.transcript.1",)})
    audit = trace.audits[1].model_copy(update={"claims": (*trace.audits[1].claims[:2], mark)})
    path = tmp_path / "report.html"
    write_report(trace.model_copy(update={"audits": (trace.audits[0], audit, *trace.audits[2:])}), path, media=None)
    [told] = re.findall(
        "<p[^>]*>[^/]*without the turn before, the words would suggest neutral.*?</p>", path.read_text()
    )
    assert f'href="#{anchor("e", "u1.transcript.1")}"' in told


def test_fewer_uncited_items_than_cited_ones_are_called_so() -> None:
    audit = _doubted().audits[0].model_copy(update={"uncited_divergence": 0.1, "uncited_flipped": 0.0})
    assert "removing all there is besides, 1 uncited item, does not." in audit_sentences(audit)[1]


def test_no_label_set_has_two_labels_of_one_colour() -> None:
    from emoagent.labels import LABEL_SETS

    for labels in LABEL_SETS.values():
        assert len({label_class(label) for label in labels}) == len(labels)


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs the browser `chromium`")
def test_browser_runs_nothing_of_a_hostile_transcript(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    write_report(_hostile("".join(HOSTILE)), path, media=None)
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--disable-sync", f"--user-data-dir={tmp_path / 'profile'}",
             "--enable-logging=stderr", "--dump-dom"]  # fmt: skip
    command = ["chromium", *flags, f"{path.as_uri()}#e=u2.face.2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if not done.stdout.strip():
        pytest.skip("the browser does not start here")
    assert re.search(r'<tr id="e=u2\.face\.2"[^>]*class="flash"', done.stdout), "our own script has run"
    title = re.search("<title>(.*?)</title>", done.stdout)
    assert title is not None
    assert title.group(1) != "pwned"
    assert done.stdout.count("<script") == 1
    assert "Content Security Policy" not in done.stderr, "nothing even tried"
