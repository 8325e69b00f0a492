/** Secrets that can be guessed: ours refuse the start, those of others' servers warn. */
import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { Secret } from '#kernel';
import { formatProblem, loadConfiguration } from '../index.ts';
import { parseFile } from '../parse.ts';
import { weakSecrets, type SecretPlace } from '../weak-secrets.ts';
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
  const places: readonly SecretPlace[] = [{ kind: 'server', path: ['webhook', 'secret'], whose: 'ours' }];
  const judge = (text: string) => {
    const { documents } = parseFile(
      { file: 'c.yaml', directory: '/', bytes: Buffer.from(`kind: server\nwebhook:\n  secret: ${text}\n`) },
      {},
    );
    const [document] = documents;
    const values = z
      .object({ webhook: z.object({ secret: z.string().transform((one) => new Secret(one)) }) })
      .parse(document?.value);
    return weakSecrets({ kind: 'server', document: document!, values }, places);
  };

  it.each(['my-test-key', 'short-0ne', 'aaaaaaaaaaaaaaaaaaaaaaaa'])(
    'refuses the start as %j, and is not repeated',
    (text) => {
      const [problem, ...others] = judge(text).problems;
      expect(others).toEqual([]);
      expect(formatProblem(problem!)).toMatch(/^c\.yaml:3:11: error: `webhook\.secret` can be guessed: /);
      expect(formatProblem(problem!)).not.toContain(text);
    },
  );

  it('is taken when a generator made it', () => {
    expect(judge('Hk3n2-2sXw8mF0qZr5Yb7uLc9vTe1aJd').problems).toEqual([]);
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
