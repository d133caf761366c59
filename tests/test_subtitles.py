"""Subtitle files as people make them: names, dashes, notes, encodings, and every kind of untidiness."""

from __future__ import annotations

from pathlib import Path

import pytest

from emoagent.errors import TranscriptError
from emoagent.tools.words.subtitle_text import is_name, said, shown_name
from emoagent.tools.words.subtitles import cues_of, find_subtitles, read_subtitles


def _srt(*cues: tuple[str, str, str]) -> str:
    return "\n".join(f"{n}\n{start} --> {end}\n{text}\n" for n, (start, end, text) in enumerate(cues, 1))


def _one(text: str) -> str:
    return _srt(("00:00:01,000", "00:00:03,000", text))


def _write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("ANNA: Hi there", [("Anna", "Hi there")]),
        ("Anna: Hi\nyou", [("Anna", "Hi you")]),
        ("DR. O'NEIL: Hi", [("Dr. O'Neil", "Hi")]),
        ("ANNA'S MOM: Hi", [("Anna's Mom", "Hi")]),
        ("MAN 2: What", [("Man 2", "What")]),
        ("A: Hi", [("A", "Hi")]),
        ("Йоган: Привет", [("Йоган", "Привет")]),
        ("小明: 你好", [("小明", "你好")]),
        ("ANNA (on phone): Hi", [("Anna", "Hi")]),
        ("ANNA:\nHi", [("Anna", "Hi")]),
        ("<i>Anna:</i> hi", [("Anna", "hi")]),
        ("[Anna] Hi", [("Anna", "Hi")]),
        ("(ANNA) Hi", [("Anna", "Hi")]),
        ("[Anna, whispering] Hi", [("Anna", "Hi")]),
        ("(Anna) [laughs] Hi", [("Anna", "Hi")]),
        ("<v.loud Bob Smith>Yo\n<v Anna>Hi</v>", [("Bob Smith", "Yo"), ("Anna", "Hi")]),
        ("- ANNA: Hi\n- BOB: Yo", [("Anna", "Hi"), ("Bob", "Yo")]),
    ],
)
def test_names_of_speakers(raw: str, expected: list[tuple[str | None, str]]) -> None:
    assert said(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        "Note: this", "At 10:30 we go", "https://x.y/z: a", "See: https://x.y", "Here's the thing: I know",
        "It's 5: no", "Remember: no", "Dear Anna: I love you", "Then Anna said: hi", "Two words: Never again",
        "Hmm... Jack: come", "What?: yes", "Rule One: never",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_name_stays_text(raw: str) -> None:
    assert said(raw) == [(None, raw)]


@pytest.mark.parametrize(
    ("raw", "texts"),
    [
        ("- Hi\n- Hello", ["Hi", "Hello"]),
        ("Hi.\n- Hello", ["Hi.", "Hello"]),
        ("— Oui.\n— Non.", ["Oui.", "Non."]),
        ("I was\n—but no", ["I was —but no"]),
        ("-5 degrees\n-6 degrees", ["-5 degrees -6 degrees"]),
        ("- Just one", ["Just one"]),
        ("[Door slams] What?", ["What?"]),
        ("[DOOR SLAMS] What?", ["What?"]),
        ("[Laughs] no", ["no"]),
        ("(sighs) Well", ["Well"]),
        ("I love f(x)", ["I love f(x)"]),
        ("♪ la\nla ♪ Hi", ["Hi"]),
        ("<00:00:01.000><c>hi</c> you", ["hi you"]),
        ("{\\an8}<b>Hi</b> &amp; bye", ["Hi & bye"]),
        ("\u202bשלום\u202c", ["שלום"]),
        ("[door slams]", []),
        ("ANNA: [sighs]", []),
        ("♪ la la ♪", []),
        ("...", []),
        ("", []),
    ],
)
def test_dashes_notes_music_and_markup(raw: str, texts: list[str]) -> None:
    assert [text for _, text in said(raw)] == texts


def test_names_are_shown_as_written_or_in_title_case() -> None:
    written = ("McCoy", "ANNA", "ZOË", " jd ", "<b>BOB</b>")
    assert [shown_name(name) for name in written] == ["McCoy", "Anna", "Zoë", "jd", "Bob"]
    assert not is_name("DOOR SLAMS", bracketed=True)
    assert is_name("DR. GREY", bracketed=True)


def test_a_cue_of_two_is_shared_by_length() -> None:
    first, second = cues_of([(10.0, 14.0, "", "- aaa\n- aaaaaaaaa")])
    assert (first.span.start, first.span.end, second.span.end) == (10.0, 11.0, 14.0)


def test_untidy_cues() -> None:
    events = [
        (50.0, 60.0, "", "beyond the clip"), (8.0, 99.0, "", "cut"), (2.0, 6.0, "", "second"), (1.0, 5.0, "", "first"),
        (3.0, 4.0, "", "  "), (6.0, 5.0, "", "backwards, so it lasts as long as it takes to read"),
        (1.0, 5.0, "", "first"), (7.0, 7.0, "", "x"),
    ]  # fmt: skip
    cues = cues_of(events, duration=10.0)
    assert [(c.span.start, c.text[:9]) for c in cues] == [
        (1.0, "first"), (2.0, "second"), (6.0, "backwards"), (7.0, "x"), (8.0, "cut"),
    ]  # fmt: skip
    assert cues[2].span.end == pytest.approx(6 + 50 / 15, abs=0.01)
    assert cues[3].span.end == 7.5
    assert cues[4].span.end == 10.0


def test_webvtt_voices_notes_and_cue_names(tmp_path: Path) -> None:
    text = (
        "WEBVTT\nKind: captions\n\nSTYLE\n::cue { color: red }\n\nintro\n00:01.000 --> 00:02.000 align:start\n"
        "<v Anna>Hi &amp; bye</v>\n\nNOTE 0:0 --> not shown\n\nNOTE after\n\nid2\n00:02.000 --> 00:03.500\n<v Bob>Yo\n"
    )
    cues = read_subtitles(_write(tmp_path, "a.vtt", text))
    assert [(c.speaker, c.text, c.span.end) for c in cues] == [("Anna", "Hi & bye", 2.0), ("Bob", "Yo", 3.5)]


def test_substation_actors_comments_and_drawings(tmp_path: Path) -> None:
    head = "[Script Info]\nScriptType: v4.00+\n\n[Events]\n"
    form = "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    line = "{}: 0,0:00:0{}.00,0:00:0{}.50,Default,{},0,0,0,,{}\n"
    body = line.format("Dialogue", 1, 1, "Anna", "{\\i1}Hi{\\i0}\\Nyou") + line.format("Comment", 2, 2, "", "no")
    body += line.format("Dialogue", 3, 3, "", "{\\p1}m 0 0 l 1 1{\\p0}") + line.format("Dialogue", 4, 4, "", "Yes")
    cues = read_subtitles(_write(tmp_path, "a.ass", head + form + body))
    assert [(c.speaker, c.text) for c in cues] == [("Anna", "Hi you"), (None, "Yes")]


FRENCH = "Élodie, tu es déjà arrivée à l'hôtel ? Ça a été très difficile, j'espère que non."
GERMAN = "Schön, dass du da bist, Jürgen. Möchtest du über die Straße gehen?"
POLISH = "Cześć, jak się masz? Dziękuję, wszystko w porządku, chciałbym zobaczyć tę książkę."
RUSSIAN = "Привет, Анна. Как у тебя дела сегодня? Я очень рад тебя видеть здесь."


@pytest.mark.parametrize(
    ("spoken", "coding"),
    [
        (FRENCH, "latin-1"), (GERMAN, "cp1252"), (POLISH, "cp1250"), (FRENCH, "utf-8"),
        (FRENCH, "utf-8-sig"), (RUSSIAN, "cp1251"), (RUSSIAN, "utf-16"),
        (RUSSIAN, "utf-16-le"), (RUSSIAN, "utf-8"), (FRENCH, "utf-16-be"),
    ],
)  # fmt: skip
def test_encodings(tmp_path: Path, spoken: str, coding: str) -> None:
    text = _one(spoken).replace("\n", "\r\n")
    assert [c.text for c in read_subtitles(_write(tmp_path, "a.srt", text.encode(coding)))] == [spoken]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "not a subtitle file"), (b"hello world", "not a subtitle file"), (b'{"a": 1}', "not a subtitle file"),
        (bytes(range(256)) * 40, "is not"), (_one("[music]").encode(), "no speech"), (_one("").encode(), "no speech"),
        (b"WEBVTT\n\n", "no speech"), (b"[Events]\nDialogue: broken", "is damaged|no speech"),
        (b"\xff\xfe", "not a subtitle file"),
        (b"[Events]\nFormat: Start, End, Text\nDialogue: 0:00:0x.00,0:00:02.00,hi", "damaged"),
        (b"x" * 10_000_001, "bigger than 10 MB"),
    ],
)  # fmt: skip
def test_useless_files_are_refused_with_a_hint(tmp_path: Path, content: bytes, what: str) -> None:
    with pytest.raises(TranscriptError, match=what) as caught:
        read_subtitles(_write(tmp_path, "a.srt", content))
    assert "--transcript" in caught.value.hint
    assert str(tmp_path) not in caught.value.message


def test_subtitles_past_the_end_of_the_clip_are_no_use(tmp_path: Path) -> None:
    with pytest.raises(TranscriptError, match="no speech within the clip"):
        read_subtitles(_write(tmp_path, "a.srt", _one("Hi")), duration=0.5)


def test_hostile_text_takes_no_longer_than_it_should(tmp_path: Path) -> None:
    for text in ("{" * 400_000, "<" * 400_000, "[" * 400_000, "♪" * 400_000, "A" * 400_000, "\n" * 400_000 + "x"):
        path = _write(tmp_path, "a.srt", _one("Hi") + "\n2\n00:00:04,000 --> 00:00:05,000\n" + text)
        assert read_subtitles(path, duration=10.0)[0].text == "Hi"


def test_which_file_beside_is_taken(tmp_path: Path) -> None:
    source = _write(tmp_path, "talk.v2.mp4", b"")
    assert find_subtitles(source) is None
    for name in ("talk.v2.forced.srt", "talk.srt", "other.srt", "talk.v2.mp4.txt", "talk.v2x.srt"):
        _write(tmp_path, name, "x")
    (tmp_path / "talk.v2.ass").mkdir()
    assert find_subtitles(source) is None
    for name in ("talk.v2.de.srt", "talk.v2.en-US.vtt", "talk.v2.VTT", "talk.v2.srt"):
        found = _write(tmp_path, name, "x")
        assert find_subtitles(source) == found
