/** `chatelaine ca`, from nothing to connections of TLS, as somebody does it who has no authority yet. */
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { runHere, temporaryDirectory } from './cli.fixture.ts';

/** Runs `chatelaine ca …` on the authority in `ca` of `directory`; gives what it prints. */
function authorityIn(directory: string) {
  const dir = join(directory, 'ca');
  return async (...argv: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await runHere(['ca', ...argv, '--dir', dir]);
    expect([argv[0], code, stderr]).toEqual([argv[0], 0, '']);
    return stdout;
  };
}

const mode = (file: string): number => statSync(file).mode & 0o777;

/** What a server learns of a client, by certificates that both have from files, TLS 1.3. */
async function greet(directory: string, server: string, client: string, bundle: string): Promise<string> {
  const pem = (name: string): Buffer => readFileSync(join(directory, name));
  const common = { ca: pem(bundle), minVersion: 'TLSv1.3' } as const;
  const listening = createServer(
    { ...common, cert: pem(`${server}.crt`), key: pem(`${server}.key`), requestCert: true },
    (socket) => socket.end(socket.getPeerCertificate().subjectaltname ?? ''),
  );
  onTestFinished(() => void listening.close());
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    let text = '';
    const own = { cert: pem(`${client}.crt`), key: pem(`${client}.key`) };
    connect({ ...common, ...own, host: '127.0.0.1', port, servername: 'localhost' })
      .on('data', (chunk) => (text += chunk.toString()))
      .on('end', () => resolve(text))
      .on('error', reject);
  });
}

test('makes an authority, a server and clients by SPIFFE ID; leaf and authority are renewed while both are trusted', async () => {
  const directory = temporaryDirectory();
  const ca = authorityIn(directory);
  const out = (name: string): readonly string[] => ['--out', join(directory, name)];
  await ca('init', '--trust-domain', 'td.test');
  await ca('issue', '--dns', 'localhost', ...out('server'));
  const kinds = ['mcpserver', 'gateway', 'proxy'];
  for (const kind of kinds) await ca('issue', '--spiffe-id', `spiffe://td.test/ns/default/${kind}/a`, ...out(kind));
  await ca('bundle', ...out('bundle.pem'));
  expect([mode(join(directory, 'server.key')), mode(join(directory, 'server.crt'))]).toEqual([0o600, 0o644]);
  expect([mode(join(directory, 'ca')), mode(join(directory, 'ca', 'ca-1.key'))]).toEqual([0o700, 0o600]);
  for (const kind of kinds)
    expect(await greet(directory, 'server', kind, 'bundle.pem')).toBe(`URI:spiffe://td.test/ns/default/${kind}/a`);

  await ca('rotate', 'prepare');
  await ca('bundle', ...out('both.pem'));
  await ca('rotate', 'activate');
  await ca('issue', '--dns', 'localhost', ...out('server'));
  expect(await greet(directory, 'server', 'proxy', 'both.pem'), 'a client of the old one').toContain('/proxy/a');
  await expect(greet(directory, 'server', 'proxy', 'bundle.pem'), 'who has the old bundle').rejects.toThrow(
    /certificate/,
  );
  await ca('rotate', 'retire', '--force');
  await ca('issue', '--spiffe-id', 'spiffe://td.test/ns/default/proxy/a', ...out('proxy'));
  await ca('bundle', ...out('bundle.pem'));
  expect(await greet(directory, 'server', 'proxy', 'bundle.pem')).toContain('/proxy/a');
});

test('lists the authorities, and what was issued with its names, the first to expire first', async () => {
  const directory = temporaryDirectory();
  const ca = authorityIn(directory);
  await ca('init', '--trust-domain', 'td.test');
  await ca('issue', '--dns', 'a.test', '--ip', '127.0.0.1', '--lifetime', '30d', '--out', join(directory, 'server'));
  const client = ['--spiffe-id', 'spiffe://td.test/ns/x/proxy/p', '--out', join(directory, 'client'), '--json'];
  const { serial } = JSON.parse(await ca('issue', ...client)) as { serial: string };
  const listed = JSON.parse(await ca('list', '--json')) as { authorities: unknown[]; issued: unknown[] };
  expect(listed).toMatchObject({
    authorities: [{ state: 'active' }],
    issued: [{ serial, names: ['spiffe://td.test/ns/x/proxy/p'] }, { names: ['a.test', '127.0.0.1'] }],
  });
  expect(await ca('list')).toMatch(/STATE[^]*active[^]*SERIAL[^]*spiffe:\/\/td\.test\/ns\/x\/proxy\/p[^]*a\.test 127/);
});

test('names the folder again in what it tells to run next', async () => {
  const directory = temporaryDirectory();
  const ca = authorityIn(directory);
  const where = `--dir ${join(directory, 'ca')}`;
  expect(await ca('init')).toContain(`\`chatelaine ca bundle ${where} --out bundle.pem\``);
  expect(await ca('rotate', 'prepare')).toContain(`\`chatelaine ca rotate activate ${where}\``);
  expect(await ca('rotate', 'activate')).toContain(`\`chatelaine ca rotate retire ${where}\``);
  expect((await runHere(['ca', 'init', '--dir', join(directory, "it's here")])).stdout).toContain(`it'\\''s here'`);
});

test('says which folder is missing for `--out`, and leaves no key lying beside a path that is taken', async () => {
  const directory = temporaryDirectory();
  const ca = authorityIn(directory);
  await ca('init');
  const issue = (out: string) =>
    runHere(['ca', 'issue', '--dns', 'a.test', '--dir', join(directory, 'ca'), '--out', join(directory, out)]);
  const missing = await issue('no/such/server');
  expect([missing.code, missing.stderr]).toEqual([
    2,
    expect.stringMatching(/FILE_UNWRITABLE: .*there is no folder `.*no\/such`/),
  ]);
  mkdirSync(join(directory, 'taken.key'));
  const taken = await issue('taken');
  expect([taken.code, taken.stderr]).toEqual([
    2,
    expect.stringMatching(/cannot write `.*taken.key`: the system says EISDIR/),
  ]);
  expect(readdirSync(directory).toSorted()).toEqual(['ca', 'taken.key']);
});
