// What generative models were asked and answered, exactly as it was, and always as text.
import type { Call, Part as Piece, Shown } from "../../model";
import { count, purpose, ROLES, tokens, visible } from "../../wording";
import { Fold, Part, picture } from "./pieces";

const ORDER = ["caption", "judge", "repair", "verify", "ablate"];

export function Calls({ calls, title = "What the model saw" }: { calls: readonly Call[]; title?: string }) {
  if (!calls.length) return null;
  return (
    <Part title={title} aside={count(calls.length, "question")} kind="calls" testid="calls">
      {[...calls]
        .sort((a, b) => ORDER.indexOf(a.purpose) - ORDER.indexOf(b.purpose))
        .map((call) => (
          <One key={call.id} call={call} />
        ))}
    </Part>
  );
}

function One({ call }: { call: Call }) {
  const cut = call.finish === "stop" ? null : call.finish === "length" ? "cut off" : call.finish;
  const told = [call.model, call.backend, tokens(call)].filter(Boolean).join(" · ");
  return (
    <Fold
      testid="call"
      title={purpose(call)}
      aside={
        <>
          {visible(told)}
          {cut && <span class="doubt"> {cut}</span>}
        </>
      }
    >
      {() => (
        <div class="call">
          {call.messages.map((message, i) => (
            <Message key={i} message={message} />
          ))}
          <h4>Raw answer</h4>
          <pre class="answer" dir="auto" tabIndex={0} aria-label="Raw answer" data-testid="answer">
            {visible(call.answer)}
          </pre>
          <p class="muted small">
            {call.constrained && "The answer was held to a JSON Schema. "}Seed {call.seed}.
            {Object.keys(call.prompts).length > 0 && " Prompts: "}
            {Object.entries(call.prompts).map(([name, digest]) => (
              <code key={name} title={digest}>
                {visible(name)} {digest.slice(0, 12)}{" "}
              </code>
            ))}
          </p>
        </div>
      )}
    </Fold>
  );
}

function Message({ message }: { message: Shown }) {
  const name = ROLES[message.role];
  const size = message.parts.reduce((sum, p) => sum + (p.text?.length ?? 0), 0);
  const pictures = message.parts.filter((p) => p.image !== null).length;
  const aside = [count(size, "character"), pictures ? count(pictures, "frame") : ""].filter(Boolean).join(", ");
  return (
    <Fold title={name} aside={aside} open={message.role === "user"}>
      {() => (
        <>
          {message.parts.map((part, i) => (
            <OnePart key={i} part={part} name={name} />
          ))}
        </>
      )}
    </Fold>
  );
}

function OnePart({ part, name }: { part: Piece; name: string }) {
  if (part.image === null)
    return (
      <pre dir="auto" tabIndex={0} aria-label={name}>
        {visible(part.text ?? "")}
      </pre>
    );
  const address = picture(part.image);
  if (!address)
    return (
      <p class="muted">
        A picture that is not here: <code>{visible(part.image)}</code>
      </p>
    );
  return (
    <figure class="frame">
      <img src={address} alt={`Frame ${part.image}`} loading="lazy" decoding="async" />
      <figcaption>
        <code>{visible(part.image)}</code>
      </figcaption>
    </figure>
  );
}
