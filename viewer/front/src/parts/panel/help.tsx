// The keys, in a dialog.
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";

export const helping = signal(false);

const KEYS: [string[], string][] = [
  [["Space"], "play or pause"],
  [["J", "K", "L"], "backward, pause, forward; again for faster"],
  [["←", "→"], "1 s back or on, with Shift 5 s"],
  [[",", "."], "one frame back or on"],
  [["↑", "↓"], "previous or next utterance, also P and N"],
  [["Home", "End"], "beginning or end of the clip"],
  [["+", "−", "0"], "lanes closer, wider, whole; also Ctrl and the wheel"],
  [["C"], "conflicts only"],
  [["F"], "while it plays, show who speaks"],
  [["T"], "everything as tables"],
  [["Esc"], "let go of what is marked or chosen"],
  [["?"], "this list"],
];

/** The dialog of the keys; `helping.value = true` opens it. */
export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (helping.value && !dialog.current?.open) dialog.current?.showModal();
    if (!helping.value) dialog.current?.close();
  }, [helping.value]);
  return (
    <dialog
      class="help"
      ref={dialog}
      onClose={() => {
        helping.value = false;
      }}
      aria-labelledby="help-title"
      data-testid="help"
      onClick={(event) => {
        if (event.target === dialog.current) helping.value = false;
      }}
    >
      <form method="dialog">
        <h2 id="help-title">Keys</h2>
        <dl>
          {KEYS.map(([keys, what]) => (
            <div key={what}>
              <dt>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <p class="muted small">
          A click on anything that has a time goes there: words, sentences, findings, blocks in the lanes. The address of the
          page always leads back to what is shown. In the tabs and in lists the usual keys hold.
        </p>
        <button class="act primary" autoFocus>
          Close
        </button>
      </form>
    </dialog>
  );
}
