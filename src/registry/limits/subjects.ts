import type { LimitPer, Principal } from '#contract';
import { addressBlock } from '#identity';
import { sha256Hex } from '#kernel';
import type { JudgedCall } from '../steps.ts';

/**
 * Whose count a call is on. A person or an agent is one whatever they come with: keys, clients, sessions, tokens
 * and names can be had anew, and a count by them would begin anew with each (OWASP API4:2023). Addresses are
 * those that the listener or a proxy of ours saw; of IPv6 a /64, since whoever has one has all of it.
 */

const LONGEST = 200;

/** One word of ASCII without `|` and `+`, which part the words of a key; what is long is its digest. */
function word(text: string): string {
  const encoded = encodeURIComponent(text.toWellFormed()).replaceAll('%23', '#').replaceAll('%2F', '/');
  return encoded.length > LONGEST ? sha256Hex(text) : encoded;
}

export function principalWord({ kind, iss, sub }: Principal): string {
  if (kind === 'anonymous') return 'anonymous';
  return `${kind}:${word(iss === 'chatelaine' ? sub : `${iss}#${sub}`)}`;
}

/** The subjects of a call: one, or one for each toolset that it counts at. */
export function subjectsOf(
  per: readonly LimitPer[],
  { principal, tool, toolsets, peer }: Pick<JudgedCall, 'principal' | 'tool' | 'toolsets' | 'peer'>,
  countedSets: readonly string[] | undefined,
): readonly string[] {
  const { namespace, name } = tool;
  let subjects: readonly string[] = [''];
  for (const one of per) {
    const words = wordsOf(one);
    subjects = subjects.flatMap((before) => words.map((text) => (before === '' ? text : `${before}+${text}`)));
  }
  return subjects;

  function wordsOf(one: LimitPer): readonly string[] {
    switch (one) {
      case 'principal':
        return [principalWord(principal)];
      case 'tool':
        return [`tool:${word(`${namespace}/${name}`)}`];
      case 'toolset':
        // Those that the tool is in, whichever door it is called at.
        return toolsets
          .filter((set) => countedSets === undefined || countedSets.includes(set))
          .map((set) => `toolset:${word(`${namespace}/${set}`)}`);
      case 'namespace':
        return [`namespace:${word(namespace)}`];
      case 'address':
        return [`address:${peer.address === undefined ? 'local' : word(addressBlock(peer.address))}`];
    }
  }
}
