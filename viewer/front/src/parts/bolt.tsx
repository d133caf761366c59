/** The sign of sources that disagree; a text always stands beside it. */
export function Bolt() {
  return (
    <svg class="bolt" viewBox="0 0 12 16" aria-hidden="true">
      <path d="M7 0 1 9h4l-1 7 7-10H7z" />
    </svg>
  );
}
