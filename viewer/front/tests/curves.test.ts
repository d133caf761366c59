import assert from "node:assert/strict";
import { test } from "node:test";
import { extent, gaps, thinned, valueAt, values } from "../src/curves";
import type { Series } from "../src/model";

/** A series from values in 0..1; null is a gap. */
function made(list: (number | null)[], start = 0, step = 0.1): Series {
  const levels = Uint16Array.from(list, (v) => (v === null ? 0 : 1 + Math.round(v * 65534)));
  return {
    id: "s",
    person: null,
    kind: "action_unit",
    name: "AU12",
    title: "",
    unit: "",
    low: 0,
    high: 1,
    start,
    step,
    values: Buffer.from(levels.buffer).toString("base64"),
  };
}

const round = (v: number | null) => (v === null ? null : Math.round(v * 1000) / 1000);

test("a sample is read back, and a gap is no value", () => {
  const series = made([0, 0.5, null, 1], 10);
  assert.equal(values(series), values(series));
  assert.deepEqual(
    [10, 10.1, 10.2, 10.3].map((t) => round(valueAt(series, t))),
    [0, 0.5, null, 1],
  );
  assert.equal(valueAt(series, 9), null);
  assert.equal(valueAt(series, 11), null);
});

test("few samples are all drawn, with one beyond either edge", () => {
  const [times, found] = thinned(made([0, 0.1, 0.2, null, 0.4, 0.5]), [0.1, 0.35], 100);
  assert.deepEqual(times.map(round), [0, 0.1, 0.2, 0.3, 0.4, 0.5]);
  assert.deepEqual(found.map(round), [0, 0.1, 0.2, null, 0.4, 0.5]);
});

test("thinning keeps the peak, the trough and the gaps, in order of time", () => {
  const list: (number | null)[] = Array.from({ length: 36_000 }, (_, i) => 0.5 + 0.1 * Math.sin(i / 9));
  list[12_345] = 1;
  list[23_456] = 0;
  for (let i = 30_000; i < 31_000; i++) list[i] = null;
  const [times, found] = thinned(made(list), [0, 3600], 500);
  assert.ok(times.length < 1600, String(times.length));
  assert.ok(times.every((t, i) => i === 0 || t > times[i - 1]!));
  assert.equal(round(Math.max(...found.map((v) => v ?? 0))), 1);
  assert.equal(round(Math.min(...found.map((v) => v ?? 1))), 0);
  assert.ok(!times.some((t, i) => t > 3000.5 && t < 3099 && found[i] !== null));
  assert.ok(found.includes(null));
});

test("a curve does not shimmer: a moved window takes the same samples", () => {
  const series = made(Array.from({ length: 10_000 }, (_, i) => ((i * 7919) % 997) / 997));
  const [one] = thinned(series, [100, 600], 300);
  const [other] = thinned(series, [101.3, 601.3], 300);
  const shared = other.filter((t) => t > 110 && t < 590);
  assert.ok(shared.every((t) => one.includes(t)));
});

test("gaps reach from value to value and beyond the ends", () => {
  const series = made([0.5, 0.5, null, null, 0.5], 1);
  assert.deepEqual(
    gaps(series, [0, 3], 0.01).map((g) => g.map(round)),
    [
      [0, 1],
      [1.1, 1.4],
      [1.4, 3],
    ],
  );
  assert.deepEqual(
    gaps(series, [0, 3], 0.5).map((g) => g.map(round)),
    [
      [0, 1],
      [1.4, 3],
    ],
  );
  assert.deepEqual(gaps(series, [1, 1.1], 0.01), []);
});

test("the extent leaves gaps out", () => {
  assert.deepEqual(
    extent(made([null, 0.25, null, 0.75])).map((v) => Math.round(v * 100)),
    [25, 75],
  );
  assert.deepEqual(extent(made([null, null])), [0, 1]);
});
