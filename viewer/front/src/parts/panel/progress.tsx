// What `inspect` shows while a run goes on.
export function Live() {
  return <main class="live"><h1>The analysis is going on</h1></main>;
}
