"""Questions about a real result."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from test_ask import check

from emoagent.agents.ask.answer import answer
from emoagent.schema import Trace

pytestmark = pytest.mark.real

QUESTIONS = {
    "why anger at 0:09?": "Grace at 0:08.1|anger|Stop it! You broke my computer!",
    "Why is Eileen scared?": "Eileen at 0:16.5|fear|I am scared",
    "What made Grace angry?": "Stop it|A cause of it is Eileen at 0:05.6",
    "Why was Grace angry about the computer?": "Grace at 0:08.1|anger",
    "Where do sources disagree?": "disagree",
    "How does Eileen's emotion change?": "from surprise|to joy|to fear",
    "What does the voice suggest at 13s?": "the voice alone",
    "What is the last emotion?": "Grace at 0:18.8",
    "Which emotions does Grace express?": "neutral|anger|sadness",
    "Who is annoyed?": "Grace at 0:08.1",
    'Who says "I am so happy"?': "Eileen at 0:05.6",
    "What does the face show at 0:06?": "AU12|reliability",
    "explain u6": "sadness|Against it",
    "How many utterances are angry?": "1 of 8 utterances",
    "Is the joy at 0:11 trustworthy?": "70 %|audit|Words and voice disagree",
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_real_result_is_asked(sampled: tuple[Trace, Path], question: str) -> None:
    found = answer(question, sampled[0])
    check(found, sampled[0])
    assert found.understood
    told = " ".join(each.text for each in found.sentences)
    for word in QUESTIONS[question].split("|"):
        assert word in told


def test_the_command(sampled: tuple[Trace, Path]) -> None:
    command = [sys.executable, "-P", "-m", "emoagent", "ask", str(sampled[1])]
    plain = subprocess.run([*command, "why anger at 0:09?"], capture_output=True, text=True, check=True)
    assert plain.stdout.startswith("Grace at 0:08.1, “Stop it! You broke my computer!”: the expressed emotion is anger")
    assert "[u4.transcript.1" in plain.stdout
    told = subprocess.run([*command, "Warum?", "--json"], capture_output=True, text=True, check=True)
    found = json.loads(told.stdout)
    assert not found["understood"]
    assert not found["sentences"]
