// After the end: what became of the conversation.
import { remove } from "../session";
import { gone, notice, session, stage } from "../state";
import { Notice } from "./notice";

export function Ended() {
  const failed = notice.value !== null;
  return (
    <section class="ask card" data-testid="ended" tabIndex={-1} ref={(element) => element?.focus()}>
      <h2>{gone.value ? "The conversation is deleted" : failed ? "It could not be deleted" : "Deleting…"}</h2>
      {gone.value && <p class="lead">Microphone and camera are closed, and the server keeps nothing of it.</p>}
      <Notice />
      {failed && session.value && (
        <button type="button" class="act" onClick={() => void remove()}>
          Try again
        </button>
      )}
      {gone.value && (
        <button type="button" class="act primary start" onClick={() => (stage.value = "asking")} data-testid="anew">
          Start another
        </button>
      )}
    </section>
  );
}
