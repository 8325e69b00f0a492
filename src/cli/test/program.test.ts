import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { buildProgram, QuietEnd, runProgram, type CliContext } from '#cli';
import { cliContext } from '../../../test/cli-context.ts';
import { runChild, runHere, temporaryDirectory } from './cli.fixture.ts';

test.each<[string, readonly string[], RegExp]>([
  ['no command', [], /^Usage: chatelaine /],
  ['a noun without a verb', ['key'], /^Usage: chatelaine key /],
  ['an unknown command', ['kye'], /unknown command 'kye'\n\(Did you mean key\?\)/],
  ['an unknown verb', ['key', 'lst'], /unknown command 'lst'\n\(Did you mean list\?\)/],
  ['an unknown option', ['key', 'list', '--jsn'], /unknown option '--jsn'\n\(Did you mean --json\?\)/],
  ['a required option left out', ['key', 'create'], /required option '--agent <name>' not specified/],
  ['an argument left out', ['key', 'revoke'], /missing required argument 'id'/],
  ['an argument too many', ['key', 'revoke', 'a', 'b'], /too many arguments/],
  ['an empty directory', ['key', 'list', '--data-dir', ''], /names no directory/],
  ['a duration without unit', ['key', 'create', '--agent', 'a', '--expires', '90'], /'--expires 90' is not a duration/],
  ['a duration of nothing', ['key', 'create', '--agent', 'a', '--expires', '0d'], /^error KEY_LIFETIME_REFUSED: /],
  ['an unknown role', ['key', 'create', '--agent', 'a', '--role', 'usr'], /`usr` is not a role; did you mean `user`\?/],
  ['two scopes in one', ['key', 'create', '--agent', 'a', '--scope', 'a b'], /`a b` is not a scope\n {2}Write each/],
])('%s is a usage error: exit code 2, said on stderr', async (_, argv, said) => {
  const ended = await runHere(argv, { CHATELAINE_DATA_DIR: temporaryDirectory() });
  expect(ended).toEqual({ code: 2, stdout: '', stderr: expect.stringMatching(said) as string });
});

test('the exit codes are those of the process', async () => {
  const env = { CHATELAINE_DATA_DIR: temporaryDirectory() };
  const codes = await Promise.all(
    [['--version'], ['key', 'revoke', 'x'], ['--verson']].map(async (argv) => (await runChild(argv, { env })).code),
  );
  expect(codes).toEqual([0, 1, 2]);
});

test('--help and --version answer on stdout', async () => {
  expect(await runHere(['--version'])).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' });
  expect(await runHere(['key', '--help'])).toEqual({
    code: 0,
    stdout: expect.stringMatching(/^Usage: chatelaine key /) as string,
    stderr: '',
  });
});

const context = cliContext();

/** Every command that does something, with the words that call it. */
function verbs(command: Command, words: readonly string[] = []): [string, string][] {
  if (command.commands.length > 0) return command.commands.flatMap((one) => verbs(one, [...words, one.name()]));
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
  return [[words.join(' '), help]];
}

test.each(verbs(await buildProgram(context)))('the help of `%s` ends with an example of it', (words, help) => {
  expect(help).toMatch(new RegExp(`\\nExamples?:\\n(  \\$ chatelaine ${words}[^\\n]*\\n)+$`));
});

test('a command of a higher module is a command like ours, and what it throws is reported without a stack', async () => {
  let printed = '';
  const run = (env: CliContext['env']) =>
    runProgram(['explode'], { ...context, env, stderr: { write: (text) => (printed += text) } }, [
      (program) => {
        program.command('explode').action(() => Promise.reject(new TypeError('of a defect')));
      },
    ]);
  expect(await run({})).toBe(1);
  expect(printed).toMatch(/^error UNEXPECTED: of a defect\n {2}This is a defect\..*\n$/);
  printed = '';
  expect(await run({ CHATELAINE_DEBUG: '1' })).toBe(1);
  expect(printed).toContain('\nTypeError: of a defect\n    at ');
});

test('a command that has said everything itself ends with its code and no more words', async () => {
  let printed = '';
  const code = await runProgram(['judge'], { ...context, stderr: { write: (text) => (printed += text) } }, [
    (program) => {
      program.command('judge').action(() => Promise.reject(new QuietEnd(1)));
    },
  ]);
  expect({ code, printed }).toEqual({ code: 1, printed: '' });
});
