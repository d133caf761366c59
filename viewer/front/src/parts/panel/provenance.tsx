// Where the result comes from: everything that a second run needs, how long it took, and what failed.
import { found, payload } from "../../state";
import type { Fault, Trace } from "../../model";
import { CAVEAT, count, LAW, number, pace, plain, spell, visible } from "../../wording";
import { Calls } from "./calls";
import { Layers } from "./corrected";
import { Bar, Facts, Fold, Part, Said } from "./pieces";

export function ProvenancePanel() {
  const { trace, timings, layers } = payload.value!;
  const rest = trace.calls.filter((c) => c.utterance === null || !found.value.utterances.has(c.utterance));
  return (
    <div class="provenance" data-testid="provenance">
      <Faults faults={trace.faults} />
      <p class="caveat">{CAVEAT}</p>
      <p class="caveat muted">{LAW}</p>
      <Origin trace={trace} />
      <Layers layers={layers} />
      <Timings timings={timings} duration={trace.clip.duration} />
      <Models trace={trace} />
      <Agents trace={trace} />
      <Settings trace={trace} />
      <Calls calls={rest} title="Other questions to models" />
    </div>
  );
}

function Faults({ faults }: { faults: Fault[] }) {
  if (!faults.length) return null;
  return (
    <section class="faults" id="faults" aria-labelledby="faults-title" data-testid="faults">
      <h3 id="faults-title">{count(faults.length, "fault")}</h3>
      <p class="muted small">These parts failed; the rest of the analysis went on without them.</p>
      <ul>
        {faults.map((fault, i) => (
          <li key={i}>
            <p>
              <b>
                <Said text={fault.source} />
              </b>
              : <Said text={fault.message} />
            </p>
            {fault.hint && (
              <p>
                <span class="muted">What to do:</span> <Said text={fault.hint} />
              </p>
            )}
            <p class="muted small">
              <code>{visible(fault.code)}</code>
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Origin({ trace: { clip, provenance: p, verdicts, label_set, schema_version } }: { trace: Trace }) {
  const reasoners = [...new Set(verdicts.map((v) => `${v.reasoner} (${v.mode})`))].sort().join(", ");
  const video =
    clip.video && `${clip.video.width} × ${clip.video.height} pixels, ${number(clip.video.fps)} frames/s, ${clip.video.codec}`;
  const audio =
    clip.audio && `${number(clip.audio.rate / 1000)} kHz, ${count(clip.audio.channels, "channel")}, ${clip.audio.codec}`;
  return (
    <Part title="Clip and versions">
      <Facts
        items={[
          ["Clip", <Said text={clip.name} />],
          ["Duration", spell(clip.duration)],
          ["Picture", video ?? "none"],
          ["Sound", audio ?? "none"],
          ["Size", `${clip.bytes.toLocaleString("en")} bytes, ${visible(clip.format)}`],
          ["Clip’s sha256", <code>{clip.sha256}</code>],
          ["emoagent", `${p.emoagent} on Python ${p.python}`],
          [
            "Profile",
            <>
              <b>{p.profile}</b>: <Said text={p.profile_reason} />
            </>,
          ],
          ["Reasoner", visible(reasoners) || "none"],
          ["Label set", label_set],
          [
            "Packages",
            Object.entries(p.packages)
              .sort()
              .map(([name, version]) => `${name} ${version}`)
              .join(", "),
          ],
          ["Schema", schema_version],
        ]}
      />
    </Part>
  );
}

function Timings({ timings, duration }: { timings: Record<string, number>; duration: number }) {
  const stages = Object.entries(timings);
  const total = stages.reduce((sum, [, took]) => sum + took, 0);
  if (!total) return null;
  const most = Math.max(...stages.map(([, took]) => took));
  return (
    <Part title="Time it took" aside={`${number(total)} s of stages, ${pace(total, duration)}`}>
      <ul class="timings">
        {stages.map(([name, took]) => (
          <li key={name}>
            <span>{plain(name)}</span>
            <Bar share={took / most} />
            <span class="n">{took < 0.01 ? "<0.01" : took.toFixed(2)} s</span>
          </li>
        ))}
      </ul>
      <p class="muted small">
        Stages that run at the same time overlap, so the sum can be longer than the wait was. × real time: seconds for each
        second of the clip.
      </p>
    </Part>
  );
}

function Models({
  trace: {
    provenance: { models },
  },
}: {
  trace: Trace;
}) {
  if (!models.length) return null;
  return (
    <Part title="Models" aside={String(models.length)} testid="models">
      <ul class="models">
        {models.map((m) => (
          <li key={m.sha256}>
            <p>
              <b>{visible(m.name)}</b> <span class="muted">{visible(m.source)}</span>
            </p>
            <p class="small">Licence: {visible(m.licence)}</p>
            <p class="small muted">
              sha256 <code>{m.sha256}</code>
            </p>
          </li>
        ))}
      </ul>
    </Part>
  );
}

function Agents({
  trace: {
    provenance: { agents },
  },
}: {
  trace: Trace;
}) {
  return (
    <Fold title="Agents" aside={String(agents.length)} testid="agents">
      {() => <List head={["Name", "Version", "Revision"]} rows={agents.map((a) => [a.name, a.version, a.revision])} />}
    </Fold>
  );
}

function Settings({
  trace: {
    provenance: { settings },
  },
}: {
  trace: Trace;
}) {
  const rows = Object.entries(settings).sort();
  return (
    <Fold title="Settings" aside={String(rows.length)} testid="settings">
      {() => <List head={["Setting", "Value"]} rows={rows} />}
    </Fold>
  );
}

function List({ head, rows }: { head: string[]; rows: string[][] }) {
  return (
    <div class="tablewrap" tabIndex={0} role="region" aria-label={head[0]}>
      <table>
        <thead>
          <tr>
            {head.map((h) => (
              <th key={h} scope="col">
                {h}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row[0]}>
              {row.map((cell, i) => (
                <td key={i}>
                  <bdi>{visible(cell)}</bdi>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
