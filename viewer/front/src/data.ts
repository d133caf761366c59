// Reads what viewer/report.py embeds: gzip in base64 in <script id="data">, the pictures beside it as plain JSON.
import type { Payload, Peak, Series } from "./model";

export function bytes(base64: string): Uint8Array<ArrayBuffer> {
  const native = (Uint8Array as { fromBase64?: (text: string) => Uint8Array<ArrayBuffer> }).fromBase64;
  if (native) return native.call(Uint8Array, base64);
  const text = atob(base64); // browsers before 2025
  const found = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) found[i] = text.charCodeAt(i);
  return found;
}

export async function unpack<T>(base64: string): Promise<T> {
  const stream = new Blob([bytes(base64)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text()) as T;
}

export async function embedded(): Promise<Payload | null> {
  const text = document.getElementById("data")?.textContent?.trim();
  return text ? unpack<Payload>(text) : null;
}

/** Picture reference (as in the trace) to the address of the picture. */
export function pictures(): Record<string, string> {
  return JSON.parse(document.getElementById("pictures")?.textContent || "{}") as Record<string, string>;
}

function words(base64: string): Uint16Array {
  const raw = bytes(base64);
  return new Uint16Array(raw.buffer, 0, raw.length >> 1);
}

/** The samples of a series; NaN is a gap. */
export function samples(series: Series): Float32Array {
  const scale = (series.high - series.low) / 65534;
  const levels = words(series.values);
  const found = new Float32Array(levels.length);
  for (let i = 0; i < found.length; i++) found[i] = levels[i] ? series.low + (levels[i]! - 1) * scale : NaN;
  return found;
}

/** Points of a face as fractions of the picture. */
export function points(peak: Peak): [number, number][] {
  const flat = peak.points ? words(peak.points) : new Uint16Array();
  return Array.from({ length: flat.length >> 1 }, (_, i) => [flat[2 * i]! / 65535, flat[2 * i + 1]! / 65535]);
}
