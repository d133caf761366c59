// The transcript as a native text track of the video.
import type { Index } from "./trace";
import type { Utterance } from "./model";

/** Text of a cue: WebVTT reads `&` and `<` in it, and a blank line ends nothing here but looks bad. */
export function cueText(text: string): string {
  return text
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/\s*\n\s*/g, "\n")
    .trim();
}

/** Adds one cue for each utterance with words. */
export function addCaptions(video: HTMLVideoElement, utterances: readonly Utterance[], { people }: Index): TextTrack {
  const track = video.addTextTrack("captions", "Transcript");
  const names = new Map(people.flatMap((p) => (p ? [[p.id, p.name ?? p.id] as const] : [])));
  for (const { span, text, person } of utterances) {
    if (!text.trim()) continue;
    const who = person === null ? undefined : names.get(person);
    track.addCue(
      new VTTCue(span.start, Math.max(span.end, span.start + 0.05), cueText(who ? `${who}: ${text}` : text)),
    );
  }
  track.mode = "showing";
  return track;
}
