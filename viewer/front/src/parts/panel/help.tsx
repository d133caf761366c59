// The keys, in a dialog.
import { signal } from "@preact/signals";

export const helping = signal(false);

/** The dialog of the keys; `helping.value = true` opens it. */
export function Help() {
  return null;
}
