/** Alerts by e-mail, at a real relay over real TLS: what leaves, what does not, and that nobody is told twice. */
import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { describe, expect, onTestFinished, test } from 'vitest';
import { emailAlertsSchema, serverSchema } from '#contract';
import { openDatabase, type Database } from '#db';
import { newId, Secret, silentLogger, systemClock, type Clock } from '#kernel';
import { loadAnomalies, type AlertReceiver } from '#registry';
import { testAuthority } from '../../../../test/certificates.ts';
import { dialects, emptyPlace } from '../../../../test/databases.ts';
import type { Alert } from '../../store/alerts-store.ts';

const authority = testAuthority('house');
const stranger = testAuthority('stranger');

interface Received {
  readonly from: string;
  readonly to: readonly string[];
  readonly message: string;
  readonly user: string | undefined;
  readonly secure: boolean;
}

interface Relay {
  readonly port: number;
  readonly received: Received[];
  /** How many have connected, and how many passwords were tried. */
  readonly tried: { connections: number; passwords: string[] };
}

async function relay(options: SMTPServerOptions & { readonly ofStranger?: boolean; readonly busy?: number } = {}) {
  const { cert, key } = (options.ofStranger ? stranger : authority).issue(['localhost']);
  const received: Received[] = [];
  const tried = { connections: 0, passwords: [] as string[] };
  let { busy = 0 } = options;
  const server = new SMTPServer({
    ...{ cert, key, authOptional: true, disableReverseLookup: true, logger: false },
    ...options,
    onConnect(_session, done) {
      tried.connections++;
      done();
    },
    onAuth({ username, password }, _session, done) {
      tried.passwords.push(String(password));
      if (password === 'the right one') done(null, { user: username ?? '' });
      else done(new Error('no'));
    },
    onRcptTo({ address }, _session, done) {
      done(address.startsWith('gone') ? new Error('there is no such mailbox') : null);
    },
    onData(stream, session, done) {
      let message = '';
      stream.on('data', (piece: Buffer) => (message += piece.toString()));
      stream.on('end', () => {
        if (busy-- > 0) return done(Object.assign(new Error('try again later'), { responseCode: 451 }));
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? '' : mailFrom.address;
        const to = rcptTo.map(({ address }) => address);
        received.push({ from, to, message, user: session.user as string | undefined, secure: session.secure });
        done();
      });
    },
  });
  server.on('error', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const { port } = server.server.address() as AddressInfo;
  return { port, received, tried } satisfies Relay;
}

const settings = (port: number, more: object = {}) =>
  emailAlertsSchema.parse({
    ...{ host: 'localhost', port, tls: { ca: authority.cert }, from: 'chatelaine@house.test' },
    ...{ to: ['oncall@house.test'], username: 'chatelaine', password: 'the right one' },
    ...more,
  });

const alert = (more: Partial<Alert> = {}): Alert => ({
  ...{ id: newId(Date.now()), kind: 'new_client', namespace: 'default', principal: 'agent:bot', tool: 'pay' },
  ...{ seen: 'curl', usual: 'bookings', recordId: 'r1', raisedAt: Date.now(), acknowledgedAt: undefined },
  ...{ acknowledgedBy: undefined, note: '' },
  ...more,
});

async function receiver(
  email: ReturnType<typeof settings>,
  password = 'the right one',
  refused: string[] = [],
  connectMs = 10_000,
) {
  const { emailReceiver } = await loadAnomalies();
  const secret = async (): Promise<Secret> => new Secret(password);
  return emailReceiver({
    ...{ email, password: secret, connectMs },
    refused: (recipients) => void refused.push(...recipients),
  });
}

const headersOf = (message: string): string => message.slice(0, message.indexOf('\r\n\r\n'));

describe('an alert', () => {
  test.each(['starttls', 'implicit'] as const)(
    'goes over TLS (%s), signed in, with the same id at every attempt',
    async (security) => {
      const at = await relay({ secure: security === 'implicit' });
      const one = alert();
      const to = await receiver(settings(at.port, { security }));
      await to.tell(one);
      await to.tell(one);
      expect(at.received).toHaveLength(2);
      for (const { from, to: recipients, message, user, secure } of at.received) {
        expect([from, recipients, user, secure]).toEqual([
          'chatelaine@house.test',
          ['oncall@house.test'],
          'chatelaine',
          true,
        ]);
        expect(message).toContain(`Message-ID: <${one.id}@house.test>`);
        expect(message).toContain('Subject: Chatelaine: new_client (warning) in default');
        expect(message).toContain('Auto-Submitted: auto-generated');
        expect(message).toContain('principal  "agent:bot"');
      }
    },
  );

  test('leaves nothing with a relay whose certificate nobody vouches for', async () => {
    const at = await relay({ ofStranger: true });
    await expect((await receiver(settings(at.port))).tell(alert())).rejects.toThrow(/certificate/);
    expect([at.received, at.tried.passwords]).toEqual([[], []]);
  });

  test('leaves nothing with a relay that has another name in its certificate', async () => {
    const at = await relay();
    const other = settings(at.port, { tls: { ca: authority.cert, serverName: 'relay.house.test' } });
    await expect((await receiver(other)).tell(alert())).rejects.toThrow(/altnames/);
    expect([at.received, at.tried.passwords]).toEqual([[], []]);
  });

  test('leaves nothing, not even the password, where somebody has taken STARTTLS out of the greeting', async () => {
    const at = await relay({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'], allowInsecureAuth: true });
    await expect((await receiver(settings(at.port))).tell(alert())).rejects.toThrow(/STARTTLS/);
    expect([at.received, at.tried.passwords]).toEqual([[], []]);
  });

  test('is not told where the relay says no to the password, and what fails does not repeat it', async () => {
    const at = await relay({ authOptional: false });
    const failed = await (
      await receiver(settings(at.port), 'a wrong one')
    )
      .tell(alert())
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(Error);
    expect(JSON.stringify(failed, Object.getOwnPropertyNames(failed))).not.toContain('a wrong one');
    expect(at.received).toEqual([]);
  });

  test('reaches the recipients that the relay takes, and says which it does not', async () => {
    const at = await relay();
    const refused: string[] = [];
    const to = ['gone@house.test', 'oncall@house.test'];
    await (await receiver(settings(at.port, { to }), undefined, refused)).tell(alert());
    expect(at.received.map((one) => one.to)).toEqual([['oncall@house.test']]);
    expect(refused).toEqual(['gone@house.test']);
  });

  test('names that end a line begin no header, no recipient and no line in our words', async () => {
    const at = await relay();
    const forged = 'x\r\nBcc: everybody@evil.test\r\n\r\nseverity   "none"\r\n.\r\nRCPT TO:<everybody@evil.test>';
    await (
      await receiver(settings(at.port))
    ).tell(alert({ principal: forged, tool: forged, seen: forged, usual: forged }));
    const [{ to, message }] = at.received as [Received];
    expect(to).toEqual(['oncall@house.test']);
    expect(headersOf(message)).not.toMatch(/bcc|everybody/i);
    // Soft line breaks of quoted-printable aside.
    expect(message.replaceAll('=\r\n', '').match(/^severity.*$/gm)).toEqual(['severity   "warning"']);
  });

  test('does not wait for ever for a relay that says nothing', async () => {
    const silent = new Set<Socket>();
    const server = createServer((socket) => void silent.add(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      for (const socket of silent) socket.destroy();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    await expect((await receiver(settings(port), undefined, [], 100)).tell(alert())).rejects.toThrow(/[Gg]reeting/);
  });
});

test.each([
  ['a line break in an address', { to: ['oncall@house.test\r\nBcc: everybody@evil.test'] }],
  ['two addresses in one', { to: ['oncall@house.test, everybody@evil.test'] }],
  ['a name around the sender', { from: 'Chatelaine <chatelaine@house.test>' }],
  ['a command in the sender', { from: 'chatelaine@house.test> SIZE=1' }],
  ['a line break in the subject', { subject: 'Alert\nBcc: everybody@evil.test' }],
  ['a separator in the subject that ends lines elsewhere', { subject: 'Alert\u2028Bcc: everybody@evil.test' }],
  ['a host with a line break', { host: 'relay.test\r\n' }],
  ['TLS that checks nothing', { tls: { rejectUnauthorized: false } }],
  ['no TLS', { security: 'none' }],
  ['a password without a name', { username: undefined }],
])('the configuration refuses %s', (_, more) => {
  const given = { host: 'relay.test', from: 'a@b.test', to: ['c@d.test'], username: 'u', password: 'p', ...more };
  expect(serverSchema.safeParse({ kind: 'server', alerts: { email: given } }).success).toBe(false);
});

describe.each(dialects)('news of alerts on %s', (dialect) => {
  async function notices(receivers: readonly AlertReceiver[]) {
    const { place } = await emptyPlace(dialect);
    let ahead = 0;
    const clock: Clock = { now: () => Date.now() + ahead };
    const database: Database = await openDatabase({ ...place, clock: systemClock });
    onTestFinished(() => database.close());
    const { AlertNotices, raiseAlert } = await loadAnomalies();
    return {
      later: (ms: number) => void (ahead += ms),
      raise: (one: Alert) => database.transaction((trx) => raiseAlert(trx, one, { cooldownMs: 1000, isTold: true })),
      tell: () => new AlertNotices({ database, receivers, clock, log: silentLogger }).tell(),
    };
  }

  test('are told again until the relay takes them, and once', async () => {
    const at = await relay({ busy: 2 });
    const news = await notices([await receiver(settings(at.port))]);
    await news.raise(alert());
    const taken: number[] = [];
    for (let attempt = 0; attempt < 5; attempt++) {
      taken.push(await news.tell());
      news.later(60_000);
    }
    expect([taken, at.received.length]).toEqual([[0, 0, 1, 0, 0], 1]);
  });

  test('reach one receiver once while another is away', async () => {
    const at = await relay();
    let posts = 0;
    const away: AlertReceiver = {
      name: 'webhook',
      tell: () => (++posts < 3 ? Promise.reject(new Error('away')) : Promise.resolve()),
    };
    const news = await notices([away, await receiver(settings(at.port))]);
    await news.raise(alert());
    for (let attempt = 0; attempt < 5; attempt++) {
      await news.tell();
      news.later(60_000);
    }
    expect([posts, at.received.length]).toEqual([3, 1]);
  });
});
