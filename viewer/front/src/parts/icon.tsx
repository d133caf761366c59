// Drawn signs, and the switch of the colours.
import { nextTheme, theme } from "../theme";

const ICONS = {
  system: "M2 3h12v8H2zM6 14h4M8 11v3",
  light: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M13 3l-1 1M4 12l-1 1",
  dark: "M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z",
  link: "M6.5 9.5l3-3M7 4.5l1.8-1.8a3 3 0 0 1 4.4 4.4L11.5 9M9 11.5l-1.8 1.8a3 3 0 0 1-4.4-4.4L4.5 7",
  done: "M3 8.5l3.5 3.5L13 4.5",
};

export function Icon({ name }: { name: keyof typeof ICONS }) {
  return (
    <svg class="pict" viewBox="0 0 16 16" aria-hidden="true">
      <path d={ICONS[name]} />
    </svg>
  );
}

export function ThemeSwitch() {
  return (
    <button
      type="button"
      class="icon"
      onClick={nextTheme}
      data-testid="theme"
      data-theme={theme.value}
      title={`Colours: ${theme.value}`}
      aria-label={`Colours: ${theme.value}. Change`}
    >
      <Icon name={theme.value} />
    </button>
  );
}
