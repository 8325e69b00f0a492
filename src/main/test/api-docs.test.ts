/** `docs/api.md` is executed: each `http` block is a request, and after the arrow the answer to it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EVERYWHERE } from '#contract';
import { serveApi, type ServedApi } from './api.fixture.ts';

let served: ServedApi;
beforeAll(async () => {
  served = await serveApi();
});
afterAll(() => served.close());

interface Example {
  readonly line: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly status: number;
  readonly answered: Readonly<Record<string, string>>;
  readonly answer: string | undefined;
}

const document = readFileSync(join(import.meta.dirname, '../../../docs/api.md'), 'utf8');

const examples: readonly Example[] = [...document.matchAll(/^```http\n([\s\S]*?)^```$/gm)].map((block) => {
  const [request = '', response = ''] = (block[1] as string).split(/^→ /m);
  const [head, body] = apart(request);
  const [answerHead, answer] = apart(response);
  const [line = '', ...headers] = head.split('\n');
  const [status = '', ...answered] = answerHead.split('\n');
  return { line, headers: fields(headers), body, status: Number(status), answered: fields(answered), answer };
});

/** What stands before and after the first empty line. */
function apart(text: string): readonly [string, string | undefined] {
  const [head = '', ...rest] = text.trim().split('\n\n');
  return [head, rest.length === 0 ? undefined : rest.join('\n\n')];
}

function fields(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  );
}

/** A pattern of a text in which `…` stands for anything. */
const like = (text: string): RegExp =>
  new RegExp(
    `^${text
      .split('…')
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
      .join('.+')}$`,
  );

/** What an answer must have: members that are not written are left out, and `…` is any text. */
function expected(value: unknown): unknown {
  if (value === '…') return expect.any(String);
  if (Array.isArray(value)) return value.map(expected);
  if (typeof value !== 'object' || value === null) return value;
  return expect.objectContaining(
    Object.fromEntries(Object.entries(value).map(([name, member]) => [name, expected(member)])),
  );
}

test('docs/api.md says what happens', async () => {
  const key = served.callers.find(({ what }) => what === `admin of ${EVERYWHERE}`)?.key;
  expect(examples.length).toBeGreaterThan(7);
  let etag = '';
  for (const { line, headers, body, status, answered, answer } of examples) {
    const [method = '', path = ''] = line.split(' ');
    const sent = Object.entries(headers).map(([name, value]) => [name, value.replace('{etag}', etag)]);
    const given = await served.ask(method, path, key, {
      headers: { ...Object.fromEntries(sent), ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body }),
    });
    const text = await given.text();
    expect([line, given.status]).toEqual([line, status]);
    for (const [name, value] of Object.entries(answered)) {
      expect([line, name, given.headers.get(name)]).toEqual([line, name, expect.stringMatching(like(value))]);
    }
    if (answer !== undefined) expect(JSON.parse(text)).toEqual(expected(JSON.parse(answer)));
    etag = given.headers.get('etag') ?? etag;
  }
});
