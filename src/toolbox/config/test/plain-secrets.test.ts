import { expect, it } from 'vitest';
import { formatProblem, loadConfiguration, type ConfigurationInput } from '../index.ts';

const load = (password: string) => {
  const text = `kind: server
database:
  type: postgres
  host: 127.0.0.1
  database: state
  user: chatelaine
  password: ${password}
`;
  const input: ConfigurationInput = { file: 'server.yaml', directory: '/', bytes: Buffer.from(text) };
  return loadConfiguration([input], { env: { PW: 'of the environment' }, catalog: [] });
};

it.each(['planted-password', '${PW:planted-password}', 'planted-password-${PW}', '"planted-password"'])(
  'refuses the password of the database as %s, and does not repeat it',
  (password) => {
    const loaded = load(password);
    const said = loaded.ok ? '' : loaded.error.map((problem) => formatProblem(problem)).join('\n');
    expect(said).toMatch(/^server\.yaml:7:\d+: error: `database\.password` stands in the file/);
    expect(said).not.toContain('planted');
  },
);

it.each(['${PW}', '"${PW}"'])('takes it as %s', (password) => {
  expect(load(password).ok).toBe(true);
});

it('refuses a number as well', () => {
  expect(load('12345').ok).toBe(false);
});
