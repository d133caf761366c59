"""What a turn is given, checked: how much of it there may be, and whether it may be used."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emoagent.affect import SENSES, Consent, Sense
from emoagent.errors import NoConsent, Refused, UsageError
from emoagent.settings import FORBIDDEN_CONTEXTS, Settings

if TYPE_CHECKING:
    from emoagent.tools.media.frame import Frame
    from emoagent.tools.media.sound import Sound
    from emoagent.tools.voice.ear import Ear

MOST_TEXT = 4000  # characters
MOST_SOUND = 60.0  # seconds
HARDLY = 0.05  # seconds
MOST_FRAMES = 900  # 15 a second, for a minute
MOST_NAME = 128  # characters of a person's name or the id of a turn
_GIVEN = {"text": "words", "voice": "sound", "face": "pictures"}


@dataclass
class TakenIn:
    """What was done while a turn went on. `start`: of the turn, on the session's clock; `until`: when the last frame
    was taken, in seconds of the turn; None: none was. `skipped`: frames that came too fast. `failed`: others. `ear`:
    has listened to the sound but for `rest`."""

    start: float
    ear: Ear
    rest: tuple[Sound, ...] = ()
    until: float | None = None
    skipped: int = 0
    failed: int = 0

    def listened(self, seconds: float) -> Ear | None:
        """The ear once it has heard the rest; `None` where it has not heard all `seconds`."""
        for sound in self.rest:
            self.ear.add(sound)
        self.rest = ()
        return self.ear if abs(self.ear.seconds - seconds) < HARDLY else None

    def looked(self, done: Future[None]) -> None:
        """A frame has been looked at, or could not be."""
        if not done.cancelled() and done.exception() is not None:
            self.failed += 1


@dataclass(frozen=True)
class Given:
    """What comes in with one turn. `live`: where it was taken in while it went on."""

    text: str | None
    audio: Sound | None
    frames: tuple[Frame, ...]
    person: str
    turn_id: str | None
    deadline: float
    live: TakenIn | None = None

    @property
    def watched(self) -> bool:
        """Whether there are pictures."""
        return bool(self.frames) or (self.live is not None and self.live.until is not None)

    @property
    def seconds(self) -> float:
        """Of the sound, or up to the last frame; 0 for words alone."""
        heard = self.audio.seconds if self.audio else 0.0
        last = self.live.until if self.live else None
        return max(heard, last or 0.0, self.frames[-1].time if self.frames else 0.0)

    def listened(self) -> Ear | None:
        """What has listened to the sound as it came, if anything has. To be called where waiting does no harm."""
        return self.live.listened(self.audio.seconds) if self.live and self.audio else None

    @property
    def used(self) -> tuple[Sense, ...]:
        """The senses that the caller wants used."""
        there = {"text": self.text is not None, "voice": self.audio is not None, "face": self.watched}
        return tuple(sense for sense in SENSES if there[sense])

    def check(self, settings: Settings) -> None:
        """Raises `Refused` where the law forbids it."""
        refuse_media(settings, [sense for sense in self.used if sense != "text"])

    def agreed(self, consent: Consent) -> None:
        """Raises `NoConsent` for what the person has not agreed to."""
        for sense in self.used:
            require(consent, sense)


def given_of(
    text: str | None,
    audio: Sound | None,
    frames: Sequence[Frame],
    person: str,
    turn_id: str | None,
    deadline: float,
    live: TakenIn | None = None,
) -> Given:
    """Raises `UsageError` where there is nothing, or more than there may be. Sound beyond a minute is left out."""
    _named(person, "person")
    if turn_id is not None:
        _named(turn_id, "turn_id")
    if text is not None:
        _bounded(text)
    if len(frames) > MOST_FRAMES:
        raise UsageError(f"{len(frames)} frames in one turn", hint=f"at most {MOST_FRAMES}; 5 a second are enough")
    ordered = tuple(sorted(frames, key=lambda frame: frame.time))
    sound = audio.first(MOST_SOUND) if audio is not None and len(audio.samples) else None
    within = tuple(frame for frame in ordered if frame.time <= MOST_SOUND)
    given = Given(text, sound, within, person, turn_id, deadline, live)
    if not (text and text.strip()) and sound is None and not given.watched:
        raise UsageError("a turn without words, sound or pictures", hint="give at least one of them")
    return given


def words_of(text: str, person: str) -> str:
    """The words of an answer; what is too long is cut, for only its beginning is read. Raises `UsageError`."""
    _named(person, "person")
    if not text.strip():
        raise UsageError("an answer without words", hint="leave it out")
    return text[:MOST_TEXT]


def require(consent: Consent, sense: Sense) -> None:
    """Raises `NoConsent` where the person has not agreed to `sense`."""
    if not consent.allows(sense):
        hint = f"ask, then open the session with consent for {sense!r}; or leave the {_GIVEN[sense]} out"
        raise NoConsent(f"nobody has agreed that {sense} be analysed", hint=hint)


def refuse_media(settings: Settings, senses: Sequence[Sense]) -> None:
    """Raises `Refused` where emotions must not be inferred from these."""
    if senses and settings.context in FORBIDDEN_CONTEXTS:
        raise Refused(
            f"in the context {settings.context!r}, emotions must not be inferred from face or voice "
            "(EU AI Act, Article 5(1)(f))",
            hint="give the words alone",
        )


def _bounded(text: str) -> None:
    if len(text) > MOST_TEXT:
        raise UsageError(f"a turn of {len(text)} characters", hint=f"at most {MOST_TEXT}")


def _named(name: str, what: str) -> None:
    if not 0 < len(name) <= MOST_NAME or not name.isprintable():
        raise UsageError(f"this cannot be a {what}", hint=f"1 to {MOST_NAME} printable characters")
