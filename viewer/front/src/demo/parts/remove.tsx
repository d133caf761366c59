// Deletes the conversation, after one question.
import { useRef } from "preact/hooks";
import { remove } from "../session";

export function Remove() {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <button type="button" class="quiet" onClick={() => dialog.current?.showModal()} data-testid="remove">
        Delete my session
      </button>
      <dialog ref={dialog} class="sure" aria-labelledby="sure">
        <h2 id="sure">Delete this conversation?</h2>
        <p>Microphone and camera are closed, and everything that the server keeps of it is removed. It cannot be brought back.</p>
        <div class="choices">
          <button type="button" class="act" onClick={() => dialog.current?.close()}>
            Keep it
          </button>
          <button
            type="button"
            class="act primary"
            data-testid="remove-sure"
            onClick={() => {
              dialog.current?.close();
              void remove();
            }}
          >
            Delete it
          </button>
        </div>
      </dialog>
    </>
  );
}
