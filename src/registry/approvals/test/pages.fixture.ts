import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { openSignIn, signInPages } from '#identity';
import { reveal, silentLogger } from '#kernel';
import { loadApprovalPages } from '#registry';
import { Browser } from '../../../../test/browser.ts';
import { startDesk, type DeskOptions, type TestDesk } from './approvals.fixture.ts';

export interface ServedDesk extends TestDesk {
  readonly url: URL;
  /** The cookie of a session of that person. */
  session(userId: string, proof?: { readonly amr?: readonly string[]; readonly agoMs?: number }): Promise<string>;
  /** A browser in which they are signed in. */
  browser(userId: string, proof?: { readonly amr?: readonly string[]; readonly agoMs?: number }): Promise<Browser>;
}

/** The pages of approvals beside those of signing in, as a listener has them. */
export async function serveDesk(options: DeskOptions = {}): Promise<ServedDesk> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void (server.closeAllConnections(), server.close()));
  const url = new URL(`http://localhost:${(server.address() as AddressInfo).port}`);
  const desk = await startDesk('sqlite', options);
  const { identity, vault, users, clock } = desk;
  const signIn = openSignIn({
    ...{ frame: identity.frame, envelope: vault.envelope, users, log: silentLogger, publicUrl: url },
    hasher: { cost: { memory: 64, passes: 1, parallelism: 1 }, atOnce: 2, waiting: 10 },
  });
  onTestFinished(() => signIn.close());
  const ours = await loadApprovalPages({ approvals: desk.approvals, signIn, clock, log: silentLogger });
  const others = signInPages({ services: signIn, log: silentLogger });
  server.on('request', (request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0] as string;
    const arrival = { requestId: 'r-1', address: '198.51.100.7', headers: [] };
    void (ours.answers(path) ? ours : others).handle(request, response, arrival);
  });
  const session: ServedDesk['session'] = async (userId, { amr = ['pwd', 'otp', 'mfa'], agoMs = 0 } = {}) => {
    const begun = { userId, kind: 'browser', stage: 'active', amr, authTime: clock.now() - agoMs } as const;
    const { token } = await signIn.sessions.begin(
      { ...begun, address: '198.51.100.7', device: 'test' },
      async () => {},
    );
    return reveal(token);
  };
  return {
    ...{ ...desk, url, session },
    async browser(userId, proof) {
      const browser = new Browser(url, url);
      browser.cookies.set('chatelaine', await session(userId, proof));
      return browser;
    },
  };
}
