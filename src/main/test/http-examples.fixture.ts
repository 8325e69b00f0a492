/** Requests and answers as documents show them: each `http` block is a request, and after the arrow the answer to it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';

export interface Example {
  readonly line: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly status: number;
  readonly answered: Readonly<Record<string, string>>;
  readonly answer: string | undefined;
}

export function examplesOf(name: string): readonly Example[] {
  const document = readFileSync(join(import.meta.dirname, '../../../docs', name), 'utf8');
  return [...document.matchAll(/^```http\n([\s\S]*?)^```$/gm)].map((block) => {
    const [request = '', response = ''] = (block[1] as string).split(/^→ /m);
    const [head, body] = apart(request);
    const [answerHead, answer] = apart(response);
    const [line = '', ...headers] = head.split('\n');
    const [status = '', ...answered] = answerHead.split('\n');
    return { line, headers: fields(headers), body, status: Number(status), answered: fields(answered), answer };
  });
}

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
export const like = (text: string): RegExp =>
  new RegExp(
    `^${text
      .split('…')
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
      .join('.+')}$`,
  );

/** What an answer must have: members that are not written are left out, and `…` is anything. */
export function expected(value: unknown): unknown {
  if (value === '…') return expect.anything();
  if (typeof value === 'string' && value.includes('…')) return expect.stringMatching(like(value));
  if (Array.isArray(value)) return value.map(expected);
  if (typeof value !== 'object' || value === null) return value;
  return expect.objectContaining(
    Object.fromEntries(Object.entries(value).map(([name, member]) => [name, expected(member)])),
  );
}
