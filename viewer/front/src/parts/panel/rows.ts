// Rows of a table: sorted, filtered, read.
import { clock, number, visible } from "../../wording";

export type Cell = string | number | null;
export interface Column {
  title: string;
  unit?: string;
  kind: "text" | "long" | "number" | "time" | "label" | "share" | "id";
}
export interface Row {
  cells: Cell[];
  utterance: string | null;
  evidence?: string;
  at: number | null;
  conflict: boolean;
}
export interface Table {
  columns: Column[];
  rows: Row[];
}

export const PAGE = 100; // rows

interface Summary {
  n: number;
  known: number | null;
  low: number | null;
  mean: number | null;
  high: number | null;
  at: number | null;
}

/** What a curve holds besides its gaps. */
export function summary(values: Float32Array): Summary {
  let [seen, sum, low, high, at] = [0, 0, Infinity, -Infinity, -1];
  values.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    seen += 1;
    sum += value;
    if (value < low) low = value;
    if (value > high) [high, at] = [value, i];
  });
  if (!seen) return { n: values.length, known: values.length ? 0 : null, low: null, mean: null, high: null, at: null };
  return { n: values.length, known: seen / values.length, low, mean: sum / seen, high, at };
}

const { compare } = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** Rows in the order of a column; what is missing comes last either way, and rows that are alike stay in their order. */
export function sorted(rows: readonly Row[], column: number, down: boolean): Row[] {
  return [...rows].sort((a, b) => {
    const [x, y] = [a.cells[column] ?? null, b.cells[column] ?? null];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    const order = typeof x === "number" && typeof y === "number" ? x - y : compare(String(x), String(y));
    return down ? -order : order;
  });
}

/** The rows that hold every word of `wanted` somewhere, in capitals or not. */
export function filtered(rows: readonly Row[], wanted: string): readonly Row[] {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return rows;
  return rows.filter(({ cells }) => {
    const all = cells.join("\n").toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** A cell as it is read. */
export function shown(cell: Cell, { kind }: Column): string {
  if (cell === null || cell === "") return "—";
  if (typeof cell === "string") return visible(cell);
  if (kind === "time") return clock(cell);
  return kind === "share" ? `${(cell * 100).toFixed(1)} %` : number(Math.round(cell * 1000) / 1000);
}
