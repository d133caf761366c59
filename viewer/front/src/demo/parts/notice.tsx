// What went wrong, and what to do.
import { Said } from "../../parts/basics";
import { notice } from "../state";

export function Notice() {
  const told = notice.value;
  if (!told) return null;
  return (
    <p class="notice" role="alert" data-testid="notice">
      <Said text={told.message} /> {told.hint && <span class="hinted"><Said text={told.hint} /></span>}
    </p>
  );
}
