"""A prepared dialogue, and a language model that judges it through the stages of the graph."""

from __future__ import annotations

from judging import heard, said, seen, voiced

from emoagent.graphs.judgement import audit_all, judge_all
from emoagent.graphs.state import Episode
from emoagent.labels import labels
from emoagent.schema import Clip, Evidence, Modality, Opinion, Person, Utterance
from emoagent.settings import Settings
from emoagent.tools.language.backends import Backends, served_by
from emoagent.tools.language.generation import Generator, Question

CLIP = Clip(id="0" * 16, name="talk", sha256="0" * 64, bytes=1, format="text", duration=100)
PEOPLE = (Person(id="p1", name="Ann"), Person(id="p2", name="Bob"))


def opinion(u: Utterance, modality: Modality, label: str, *cites: Evidence, top: float = 0.7) -> Opinion:
    """A blind opinion that prefers `label`."""
    rest = (1 - top) / 6
    masses = {name: top if name == label else rest for name in labels()}
    return Opinion(utterance=u.id, modality=modality, distribution=masses, cites=tuple(each.id for each in cites))


def dialogue(texts: tuple[str, ...] = ("We won!", "You did?", "I am so happy!")) -> Episode:
    """Two people in turn; each turn has words, a face and a voice, and words and face suggest joy."""
    state = Episode(clip=CLIP, people=PEOPLE)
    for number, text in enumerate(texts):
        u = said(text, f"u{number + 1}", f"p{number % 2 + 1}", 3.0 * number)
        words = heard(u).model_copy(update={"finding": f"Said: “{text}”"})
        faces, voices = seen(u, AU6=3.0, AU12=4.0), voiced(u, pitch=1.0)
        state.utterances += (u,)
        state.evidence += [words, *faces, *voices]
        state.opinions += [opinion(u, "text", "joy", words), opinion(u, "face", "joy", *faces, top=0.4)]
    return state


def judged(state: Episode, model: Generator, how: Settings | None = None, verifier: Generator | None = None) -> Episode:
    """The state after judgement and audit."""
    how = how or Settings()
    with served_by(Backends(reasoner=model, verifier=verifier)):
        for work in (judge_all, audit_all):
            for name, value in work(state, how).items():
                old = getattr(state, name)
                grows = isinstance(old, list | dict)
                setattr(state, name, (old | value if isinstance(old, dict) else old + value) if grows else value)
    return state


def texts(asked: Question) -> list[str]:
    """The texts of a question, in order: instructions and case."""
    return [str(part) for message in asked.messages for part in message.parts]
