import { html, noticeOf, type Html } from '#identity';

/** What a request that leads nowhere is told of, in the words of the RFC and by whom it was sent. */
export interface Refusal {
  /** The code of RFC 6749 §4.1.2.1 or §5.2. */
  readonly error: string;
  readonly description: string | undefined;
  /** Why there is no such client, for who develops it. */
  readonly client: string | undefined;
  readonly requestId: string;
}

/** For people: what happened, before what the program did. */
const PLAIN: ReadonlyMap<string, string> = new Map([
  ['invalid_client', 'This server does not know the program that sent you here.'],
  ['invalid_redirect_uri', 'The program wants to take you to a place that it has not registered, so you stay here.'],
  ['invalid_request', 'The program that sent you here asked in a way that this server does not understand.'],
  ['temporarily_unavailable', 'This server cannot do that just now. Try again in a moment.'],
  ['server_error', 'This server met a fault of its own. Try again in a moment.'],
]);

/** Says why nobody is sent on. What strangers wrote stands here as text, and nowhere as a link. */
export function errorBody({ error, description, client, requestId }: Refusal): Html {
  const said = client ?? description;
  return html`${noticeOf(PLAIN.get(error) ?? 'The program that sent you here asked for something that cannot be.', 'bad')}
    <p>
      Go back to the program and begin again. If this happens again, tell whoever makes it, or whoever runs this server.
    </p>
    <h2>For who develops the program</h2>
    <p class="soft"><strong>${error}</strong>${said !== undefined && html`: ${said}`}</p>
    <p class="hint">Request ${requestId}</p>`;
}
