import { payload } from "./state";

export function App() {
  if (!payload.value) return <p>No data.</p>;
  return <main><h1>{payload.value.trace.clip.name}</h1></main>;
}
