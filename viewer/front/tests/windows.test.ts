import assert from "node:assert/strict";
import { test } from "node:test";
import { firstFrom, framed, longest, place, rows, ticks, tickStep, within, zoomed } from "../src/windows";

const items = [
  [0, 2],
  [1, 9],
  [3, 4],
  [5, 6],
  [8, 9],
].map(([start, end]) => ({ start: start!, end: end! }));

test("an item that began long before the window is found", () => {
  assert.deepEqual(
    within(items, [4.5, 5.5], longest(items)).map((i) => i.start),
    [1, 5],
  );
  assert.deepEqual(within(items, [20, 30], longest(items)), []);
  assert.equal(within([], [0, 1], 0).length, 0);
});

test("the search starts at the first item that is not before", () => {
  assert.equal(firstFrom(items, 3), 2);
  assert.equal(firstFrom(items, 3.1), 3);
  assert.equal(firstFrom(items, 99), 5);
});

test("items of one row never overlap while there are rows", () => {
  const found = rows(items, 5);
  assert.deepEqual(found, [0, 1, 0, 0, 0]);
  assert.deepEqual(
    rows(
      [
        { start: 0, end: 9 },
        { start: 1, end: 9 },
        { start: 2, end: 9 },
      ],
      2,
    ),
    [0, 1, 1],
  );
});

test("a place is given in pixels and is never too small to hit", () => {
  assert.deepEqual(place({ start: 2, end: 3 }, [0, 10], 1000), { left: 200, width: 100 });
  assert.equal(place({ start: 2, end: 2 }, [0, 10], 1000).width, 3);
});

test("marks of the axis lie apart and on round times", () => {
  for (const wide of [2, 22, 60, 3600, 20_000]) {
    const step = tickStep([0, wide], 1000);
    assert.ok((step / wide) * 1000 >= 84 || step === 7200, `${wide}: ${step}`);
  }
  assert.deepEqual(ticks([10.2, 31], 500), [15, 20, 25, 30]);
});

test("zooming keeps the time under the pointer", () => {
  const [from, to] = zoomed([10, 30], 0.5, 15);
  assert.deepEqual([from, to], [12.5, 22.5]);
});

test("what is drawn covers the window and stays the same while it does", () => {
  let frame = framed({ range: [0, 1], across: 1 }, [100, 110], 500);
  for (let from = 100; from < 160; from += 0.37) {
    const next = framed(frame, [from, from + 10], 500);
    assert.ok(next.range[0] <= from && next.range[1] >= from + 10, `${from}: ${next.range}`);
    assert.ok(Math.abs(next.range[1] - next.range[0] - 20) < 1e-9);
    frame = next;
  }
  assert.equal(framed(frame, [frame.range[0] + 1, frame.range[0] + 11], 500), frame);
  assert.notEqual(framed(frame, [frame.range[0] + 1, frame.range[0] + 13], 500), frame);
  assert.notEqual(framed(frame, [frame.range[0] + 1, frame.range[0] + 11], 400), frame);
});
