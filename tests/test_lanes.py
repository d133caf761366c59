"""Work of one conversation is done in order, whatever else the threads do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event

import pytest

from emoagent.bridges.lanes import Lane
from emoagent.errors import ResourceLimit

PATIENT = 30.0  # seconds


def test_lanes_share_threads_and_keep_their_order() -> None:
    done = list[tuple[int, int]]()
    with ThreadPoolExecutor(3) as threads:
        lanes = [Lane(threads, 200) for _ in range(4)]
        given = [lane.submit(partial(done.append, (n, i))) for i in range(100) for n, lane in enumerate(lanes)]
        for each in given:
            each.result(PATIENT)
    for number in range(4):
        assert [i for n, i in done if n == number] == list(range(100))


def test_an_error_is_its_own_works_alone() -> None:
    with ThreadPoolExecutor(1) as threads:
        lane = Lane(threads, 10)
        broken, whole = lane.submit(partial(int, "x")), lane.submit(partial(int, "7"))
        assert isinstance(broken.exception(PATIENT), ValueError)
        assert whole.result(PATIENT) == 7


def test_what_waits_is_bounded_and_can_be_dropped() -> None:
    hold = Event()
    with ThreadPoolExecutor(1) as threads:
        lane = Lane(threads, 2)
        running = lane.submit(partial(hold.wait, PATIENT))
        while lane.waiting:
            pass
        waiting = [lane.submit(int) for _ in range(2)]
        with pytest.raises(ResourceLimit):
            lane.submit(int)
        lane.drop()
        hold.set()
        assert running.result(PATIENT)
        assert all(each.cancelled() for each in waiting)
        assert lane.submit(int).result(PATIENT) == 0
