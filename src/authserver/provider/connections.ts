import { recordedChange } from '#audit';
import type { AuditTrail } from '#contract';
import { formOf, noticeOf, readForm, withNext, type Html } from '#identity';
import { CONNECTIONS, connectionsBody, readDisconnect, type Disconnect } from '../pages/connections-page.ts';
import type { TokenSessions } from '../token-sessions/token-sessions.ts';
import { originOf, type Interactions, type Reply, type Visiting } from './interactions.ts';

/** `GET` and `POST /console/connections`: which programs act for a person, and the end of that. */
export class Connections {
  readonly #sessions: TokenSessions;
  readonly #trail: AuditTrail;
  readonly #interactions: Interactions;

  constructor(parts: {
    readonly sessions: TokenSessions;
    readonly trail: AuditTrail;
    readonly interactions: Interactions;
  }) {
    this.#sessions = parts.sessions;
    this.#trail = parts.trail;
    this.#interactions = parts.interactions;
  }

  async show(visiting: Visiting): Promise<Reply> {
    const live = await this.#interactions.signedIn(visiting.request);
    if (live?.stage !== 'active') return { to: withNext('/console/sign-in', CONNECTIONS) };
    const cookie = this.#interactions.sessionToken(visiting.request);
    const done = visiting.request.url?.endsWith('?after=end') === true;
    const body = connectionsBody(
      await this.#sessions.list(live.person.id),
      (content: Html) => formOf(CONNECTIONS, cookie, content),
      noticeOf(done ? 'The program was sent away.' : undefined),
    );
    return { status: 200, page: this.#interactions.page('Connections', body) };
  }

  /** Ends what the form names, among the person's own: the id of somebody else's session ends nothing. */
  async end(visiting: Visiting): Promise<Reply> {
    const live = await this.#interactions.signedIn(visiting.request);
    if (live?.stage !== 'active') return { to: withNext('/console/sign-in', CONNECTIONS) };
    const form = await readForm(visiting.request);
    this.#interactions.mustBeOurForm(visiting.request, form);
    const which = readDisconnect(form);
    if (which === undefined) return { to: CONNECTIONS };
    const change = {
      type: 'oauth.disconnect',
      action: 'disconnect',
      object: { kind: 'token-session', namespace: '*', name: nameOf(which).slice(0, 256) },
    };
    await recordedChange(this.#trail, originOf(visiting, live), change, async () => {
      await this.#sessions.end({ ...which, userId: live.person.id }, 'by the user');
      return { value: undefined };
    });
    return { to: `${CONNECTIONS}?after=end` };
  }
}

const nameOf = (which: Disconnect): string => Object.values(which)[0] as string;
