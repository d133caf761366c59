// What stands beside the lanes: tabs, of which one is open.
import { panel, payload } from "../../state";

export function Panel() {
  if (!payload.value) return null;
  return <section class="panel" aria-label="Details" data-testid="panel">{panel.value}</section>;
}
