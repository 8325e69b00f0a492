import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { Secret } from '#kernel';
import { cliError } from '../errors.ts';

/** RFC 8628 §3.2. */
const waiting = z.object({
  device_code: z.string(),
  user_code: z.string(),
  verification_uri: z.string(),
  verification_uri_complete: z.string(),
  expires_in: z.number().positive(),
  interval: z.number().positive(),
});

const approved = z.object({
  access_token: z.string().transform((text) => new Secret(text)),
  expires_at: z.iso.datetime(),
});
const refused = z.object({ error: z.string() });

export interface SignedIn {
  readonly credential: Secret;
  readonly expiresAt: string;
}

/** Shows a code, the page to enter it at, and the address of both. */
export type Show = (code: string, page: string, whole: string) => void;

/**
 * Signs in at a server that has no authorization server, in the manner of RFC 8628: a code is shown, its person confirms it in a browser, and
 * this polls until then. `show` is told what to show. Throws `LOGIN_REFUSED`, `SERVER_UNREACHABLE`.
 */
export async function signIn(origin: string, client: string, show: Show): Promise<SignedIn> {
  const started = waiting.safeParse(await post(`${origin}/console/device/start`, { client_name: client }));
  if (!started.success) throw cliError('LOGIN_REFUSED', `\`${origin}\` lets no program sign in`);
  const { device_code, user_code, verification_uri, verification_uri_complete, expires_in, interval } = started.data;
  show(user_code, verification_uri, verification_uri_complete);
  let pause = interval * 1000;
  for (let waited = 0; waited < expires_in * 1000; waited += pause) {
    await sleep(pause);
    const answer = await post(`${origin}/console/device/token`, { device_code }).catch((error: unknown) => {
      // §3.5: who gets no answer asks less often. The person may confirm while a proxy restarts.
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      if (waited + pause >= expires_in * 1000) throw error;
    });
    if (answer === undefined) continue;
    const done = approved.safeParse(answer);
    if (done.success) return { credential: done.data.access_token, expiresAt: done.data.expires_at };
    const state = refused.safeParse(answer).data?.error;
    // §3.5: five seconds more at each time that it was too soon.
    if (state === 'slow_down') pause += 5000;
    else if (state !== 'authorization_pending')
      throw cliError('LOGIN_REFUSED', REASONS[state ?? ''] ?? 'the server refused');
  }
  throw cliError('LOGIN_REFUSED', 'nobody confirmed the code in time');
}

/** A poll that was not answered by then is asked again. */
const ANSWER_MS = 30_000;
export const LONGEST_PAUSE_MS = 60_000;

export const REASONS: Readonly<Record<string, string>> = {
  access_denied: 'the code was turned down',
  expired_token: 'nobody confirmed the code in time',
};

async function post(url: string, form: Readonly<Record<string, string>>): Promise<unknown> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams(form),
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    return await answer.json();
  } catch (cause) {
    const { code, message } = ((cause as Error).cause ?? cause) as NodeJS.ErrnoException;
    throw cliError('SERVER_UNREACHABLE', `\`${url}\` does not answer as it should (${code ?? message})`, { cause });
  }
}
