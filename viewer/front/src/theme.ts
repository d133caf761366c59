// System, light or dark; remembered where the browser allows storage.
import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";
export const THEMES: readonly Theme[] = ["system", "light", "dark"];
const KEY = "emoagent.theme";

export const theme = signal<Theme>(remembered());
/** Counts changes of the colours, for what is drawn on a canvas. */
export const repaint = signal(0);

function remembered(): Theme {
  try {
    const kept = localStorage.getItem(KEY) as Theme | null;
    return kept && THEMES.includes(kept) ? kept : "system";
  } catch {
    return "system"; // storage is refused: a page from disk, a private window
  }
}

export function nextTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length]!;
  try {
    localStorage.setItem(KEY, theme.value);
  } catch {
    return;
  }
}

export function watchTheme(): void {
  effect(() => {
    if (theme.value === "system") delete document.documentElement.dataset["theme"];
    else document.documentElement.dataset["theme"] = theme.value;
    changed();
  });
  for (const wish of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)", "(forced-colors: active)"]) {
    matchMedia(wish).addEventListener("change", changed);
  }
}

let probe: HTMLElement | null = null;
const known = new Map<string, string>();

function changed(): void {
  known.clear();
  repaint.value = repaint.peek() + 1;
}

/** What a custom property such as `--ink` is at the moment, as a colour that a canvas understands. */
export function colour(property: string): string {
  const kept = known.get(property);
  if (kept !== undefined) return kept;
  probe ??= document.body.appendChild(Object.assign(document.createElement("span"), { hidden: true }));
  probe.style.color = `var(${property})`;
  const found = getComputedStyle(probe).color;
  known.set(property, found);
  return found;
}

/** A canvas made ready: cleared, sharp on the screen, measured in CSS pixels. */
export function blank(canvas: HTMLCanvasElement, across: number, height: number): CanvasRenderingContext2D {
  const dots = devicePixelRatio || 1;
  const [wide, high] = [Math.round(across * dots), Math.round(height * dots)];
  const context = canvas.getContext("2d")!;
  if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
  context.resetTransform();
  context.globalAlpha = 1;
  context.clearRect(0, 0, wide, high);
  context.scale(dots, dots);
  return context;
}
