/** Somebody with the role `user`, signed in in a browser: made on a data directory as a command beside the server would. */
import { EVERYWHERE, serverSchema } from '#contract';
import { operator, provisionUser } from '#identity';
import { reveal, silentLogger, systemClock } from '#kernel';
import { Endings, openServices, type Services } from '#main';
import { Browser } from './browser.ts';

export interface ServedPlace {
  readonly dataDir: string;
  /** `database:` as the server's configuration has it; SQLite in the data directory where it has none. */
  readonly database?: Readonly<Record<string, unknown>> | undefined;
  /** Where browsers reach the server, and its `publicUrl`. */
  readonly url: URL;
}

/** Makes the person where there is none of that name. Each call is a browser of its own. */
export async function signedIn({ dataDir, database, url }: ServedPlace, name: string): Promise<Browser> {
  const endings = new Endings();
  try {
    const settings = serverSchema.parse({ kind: 'server', ...(database !== undefined && { database }) });
    const services = await openServices({ dataDir, settings, clock: systemClock, log: silentLogger, endings });
    return (await signInAt(services, url, name)).browser;
  } finally {
    await endings.close(silentLogger);
  }
}

/** The same where services are open already. */
export async function signInAt(
  { identity, users, signIn }: Pick<Services, 'identity' | 'users' | 'signIn'>,
  url: URL,
  name: string,
): Promise<{ readonly id: string; readonly browser: Browser }> {
  const who = { issuer: 'https://idp.test', subject: name, preferredName: name, displayName: name };
  const { user } = await provisionUser({ frame: identity.frame, users }, { door: 'console' }, who);
  const subject = { kind: 'user', id: user.id } as const;
  await identity.roles.create(operator(), { role: 'user', namespace: EVERYWHERE, subject });
  const session = { userId: user.id, kind: 'browser', stage: 'active', amr: ['pwd'] } as const;
  const { token } = await signIn(url).sessions.begin(
    { ...session, address: '127.0.0.1', device: 'test' },
    async () => {},
  );
  const browser = new Browser(url, url);
  browser.cookies.set('chatelaine', reveal(token));
  return { id: user.id, browser };
}
