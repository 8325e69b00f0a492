/**
 * The policy that an approval makes: one subject, one tool, until a moment. Pure. It is a policy like others,
 * which says in its description where it comes from: it is seen, explained and taken back where policies are.
 */
import type { AccessRequest } from './access-request.ts';

export interface AccessPolicy {
  readonly name: string;
  readonly namespace: string;
  readonly description: string;
  readonly cedar: string;
}

export function accessPolicy(
  { id, namespace, tool, subject }: Pick<AccessRequest, 'id' | 'namespace' | 'tool' | 'subject'>,
  endsAt: number,
): AccessPolicy {
  const description = `access request ${id}`;
  const principal = `${subject.kind === 'user' ? 'User' : 'Agent'}::${quoted(subject.id)}`;
  return {
    name: `access-${id}`,
    namespace,
    description,
    cedar: [
      `@id(${quoted(`access-${id}`)})`,
      `@description(${quoted(description)})`,
      `@validUntil(${quoted(new Date(endsAt).toISOString())})`,
      'permit(',
      `  principal == ${principal},`,
      '  action in [Action::"execute", Action::"read", Action::"vend"],',
      `  resource == Tool::${quoted(`${namespace}/${tool}`)}`,
      ');',
    ].join('\n'),
  };
}

/** A text as Cedar writes it, whatever is in it: ids of ours and names that were checked, and even so. */
const quoted = (text: string): string =>
  `"${Array.from(text, (one) => (PLAIN.test(one) ? one : `\\u{${one.codePointAt(0)?.toString(16)}}`)).join('')}"`;

const PLAIN = /^[A-Za-z0-9_./:# -]$/;
