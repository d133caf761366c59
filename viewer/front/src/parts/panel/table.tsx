// Tables of everything, sorted and filtered here, a hundred rows at a time.
import { computed, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { seek } from "../../player";
import { evidence, found, onlyConflicts, payload, select, selected } from "../../state";
import { count, visible } from "../../wording";
import { Swatch } from "./label";
import { visit } from "./evidence";
import { filtered, PAGE, shown, sorted } from "./rows";
import type { Column, Row } from "./rows";
import { table, TABLES } from "./tables";
import type { TableName } from "./tables";

const name = signal<TableName>("utterances");
const wanted = signal("");
const order = signal<{ column: number; down: boolean }>({ column: 0, down: false });
const page = signal(0);

const whole = computed(() => table(name.value, payload.value!));
const rows = computed(() => {
  const all = onlyConflicts.value ? whole.value.rows.filter((r) => r.conflict) : whole.value.rows;
  return sorted(filtered(all, wanted.value), order.value.column, order.value.down);
});
const pages = computed(() => Math.max(1, Math.ceil(rows.value.length / PAGE)));

export function TablePanel() {
  const at = Math.min(page.value, pages.value - 1);
  const wrap = useRef<HTMLDivElement>(null);
  useEffect(() => {
    wrap.current?.scrollTo(0, 0);
  }, [at, name.value]);
  return (
    <div class="tables">
      <Controls />
      <div class="tablewrap" ref={wrap} tabIndex={0} role="region" aria-label={TABLES[name.value]}>
        <table data-testid="table">
          <caption class="sr">{TABLES[name.value]}</caption>
          <thead>
            <tr>
              {whole.value.columns.map((column, i) => (
                <Head key={`${name.value} ${i}`} column={column} i={i} />
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.value.slice(at * PAGE, (at + 1) * PAGE).map((row, i) => (
              <Line key={row.evidence ?? i} row={row} columns={whole.value.columns} />
            ))}
          </tbody>
        </table>
        {!rows.value.length && (
          <p class="empty">{wanted.value || onlyConflicts.value ? "Nothing matches." : "There is nothing here."}</p>
        )}
      </div>
      <Pages at={at} />
    </div>
  );
}

function Controls() {
  const pick = (chosen: TableName) => {
    name.value = chosen;
    order.value = { column: 0, down: false };
    page.value = 0;
  };
  return (
    <div class="controls">
      <label>
        Table{" "}
        <select value={name.value} onChange={(e) => pick(e.currentTarget.value as TableName)} data-testid="table-name">
          {Object.entries(TABLES).map(([key, title]) => (
            <option key={key} value={key}>
              {title}
            </option>
          ))}
        </select>
      </label>
      <label class="grow">
        Filter{" "}
        <input
          type="search"
          value={wanted.value}
          placeholder="words that rows must hold"
          data-testid="table-filter"
          onInput={(e) => {
            wanted.value = e.currentTarget.value;
            page.value = 0;
          }}
        />
      </label>
      <p class="muted n" role="status" data-testid="table-count">
        {count(rows.value.length, "row")}
        {rows.value.length !== whole.value.rows.length && ` of ${whole.value.rows.length.toLocaleString("en")}`}
        {onlyConflicts.value && name.value !== "series" && ", conflicts only"}
      </p>
    </div>
  );
}

function Head({ column, i }: { column: Column; i: number }) {
  const on = order.value.column === i;
  const sort = () => {
    order.value = { column: i, down: on && !order.value.down };
    page.value = 0;
  };
  return (
    <th scope="col" class={column.kind} aria-sort={on ? (order.value.down ? "descending" : "ascending") : "none"}>
      <button type="button" onClick={sort}>
        {visible(column.title)}
        {column.unit && <span class="unit"> {column.unit}</span>}
        <span class="arrow" aria-hidden="true">
          {on ? (order.value.down ? "▼" : "▲") : ""}
        </span>
      </button>
    </th>
  );
}

function Line({ row, columns }: { row: Row; columns: Column[] }) {
  const on = row.evidence ? evidence.value === row.evidence : row.utterance !== null && row.utterance === selected.value;
  const go = () => {
    const item = row.evidence ? found.value.evidence.get(row.evidence) : undefined;
    if (item) {
      visit(item, false);
      return;
    }
    if (row.utterance !== null) select(row.utterance);
    if (row.at !== null) seek(row.at);
  };
  const place = columns.findIndex((column) => column.kind === "time");
  return (
    <tr
      class={on ? "on" : ""}
      aria-current={on || undefined}
      onClick={go}
      data-testid="row"
      data-utterance={row.utterance ?? undefined}
    >
      {columns.map((column, i) => (
        <td key={i} class={column.kind}>
          {i === place && row.at !== null ? (
            <button type="button" class="time n">
              {shown(row.cells[i] ?? null, column)}
            </button>
          ) : (
            <Value cell={row.cells[i] ?? null} column={column} />
          )}
        </td>
      ))}
    </tr>
  );
}

function Value({ cell, column }: { cell: Row["cells"][number]; column: Column }) {
  const told = shown(cell, column);
  if (column.kind === "label") {
    return (
      <span class="named">
        <Swatch label={payload.value!.labels.includes(told) ? told : null} /> {told}
      </span>
    );
  }
  return column.kind === "id" ? <code>{told}</code> : <bdi>{told}</bdi>;
}

function Pages({ at }: { at: number }) {
  if (pages.value < 2) return null;
  const last = pages.value - 1;
  const to = (title: string, place: number, sign: string) => (
    <button
      type="button"
      class="act"
      disabled={place < 0 || place > last || place === at}
      aria-label={title}
      onClick={() => {
        page.value = place;
      }}
    >
      {sign}
    </button>
  );
  const end = Math.min(rows.value.length, (at + 1) * PAGE);
  return (
    <nav class="pages" aria-label="Pages of the table" data-testid="pages">
      {to("First page", 0, "«")}
      {to("Previous page", at - 1, "‹")}
      <span class="n">
        {(at * PAGE + 1).toLocaleString("en")}–{end.toLocaleString("en")} of {rows.value.length.toLocaleString("en")}
      </span>
      {to("Next page", at + 1, "›")}
      {to("Last page", last, "»")}
    </nav>
  );
}
