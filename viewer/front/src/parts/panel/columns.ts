// Columns of the tables, and rows that know where they belong.
import { found } from "../../state";
import type { Cell, Column, Row } from "./rows";

export const text = (title: string): Column => ({ title, kind: "text" });
export const long = (title: string): Column => ({ title, kind: "long" });
export const id = (title: string): Column => ({ title, kind: "id" });
export const time = (title: string): Column => ({ title, kind: "time" });
export const label = (title: string): Column => ({ title, kind: "label" });
export const share = (title: string): Column => ({ title, kind: "share" });
export const figure = (title: string, unit?: string): Column =>
  unit === undefined ? { title, kind: "number" } : { title, unit, kind: "number" };

type Rest = Omit<Row, "cells" | "conflict" | "at"> & { at?: number | null };

/** A row that belongs to an utterance, and knows whether sources disagree there. */
export function row(cells: Cell[], { utterance, at, ...rest }: Rest): Row {
  const home = utterance === null ? undefined : found.value.utterances.get(utterance);
  return {
    cells,
    utterance,
    at: at ?? home?.span.start ?? null,
    conflict: utterance !== null && found.value.conflicts.has(utterance),
    ...rest,
  };
}

export function start(utterance: string): number | null {
  return found.value.utterances.get(utterance)?.span.start ?? null;
}
