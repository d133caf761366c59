import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { labelClass, look, strongest } from "../src/labels";

// The label sets of emoagent/labels.py.
const SETS = [
  ["neutral", "joy", "anger", "surprise", "sadness", "disgust", "fear"],
  ["neutral", "joy", "anger", "excitement", "sadness", "frustration"],
  ["neutral", "joyful", "peaceful", "powerful", "scared", "mad", "sad"],
  ["neutral", "joy", "anger", "surprise", "sadness", "worry"],
  ["joy", "trust", "fear", "surprise", "sadness", "disgust", "anger", "anticipation"],
];

test("no two labels of a set look alike", () => {
  for (const labels of SETS) assert.equal(new Set(labels.map(look)).size, labels.length, labels.join());
});

test("no label, an unknown label", () => {
  assert.equal(labelClass(null), "label-none");
  assert.equal(labelClass(undefined), "label-none");
  assert.equal(labelClass("nostalgia"), "label-other");
  assert.equal(labelClass("constructor"), "label-other");
});

test("every look has a rule, a pattern unless it is neutral, and an ink of 4.5 to 1 on its colour", () => {
  const sheet = readFileSync("src/style/labels.css", "utf8");
  for (const name of [...new Set(SETS.flat().map(look)), "other"]) {
    const rule = new RegExp(`\\.label-${name} \\{([^}]*)\\}`).exec(sheet)?.[1];
    assert.ok(rule, name);
    assert.ok(name === "neutral" || rule.includes("--tile"), name);
    const [, colour, ink] = /--c: (#\w+); --on: (#\w+)/.exec(rule)!;
    assert.ok(contrast(colour!, ink!) >= 4.5, `${name}: ${contrast(colour!, ink!).toFixed(2)}`);
  }
});

test("the strongest label", () => {
  assert.deepEqual(strongest({ joy: 0.2, anger: 0.7, fear: 0.1 }), ["anger", 0.7]);
  assert.equal(strongest({}), null);
});

function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light! + 0.05) / (dark! + 0.05);
}

function luminance(hex: string): number {
  const full = hex.length === 4 ? hex.replace(/\w/g, "$&$&") : hex;
  const [r, g, b] = [1, 3, 5].map((i) => {
    const part = Number.parseInt(full.slice(i, i + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}
