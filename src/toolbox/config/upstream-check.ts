/** What documents of `kind: upstream` must agree on among each other. */
import { issuerOfUpstream, subjectOfUpstream, type UpstreamDeclaration } from '#contract';
import { problemAt, type Problem } from './problems.ts';

/** Checks all upstreams together; gives all problems. */
export function checkUpstreams(upstreams: readonly UpstreamDeclaration[]): readonly Problem[] {
  return [...checkNames(upstreams), ...checkPrimary(upstreams), ...checkSubjects(upstreams)];
}

/** Names are unique across namespaces: a provider comes back to `/oauth/callback/{name}`, which knows none. */
function checkNames(upstreams: readonly UpstreamDeclaration[]): Problem[] {
  const taken = new Map<string, UpstreamDeclaration>();
  return upstreams.flatMap((upstream) => {
    const before = taken.get(upstream.name);
    if (before === undefined) {
      taken.set(upstream.name, upstream);
      return [];
    }
    // Within a namespace it was reported with every other name.
    if (before.namespace === upstream.namespace) return [];
    const message = `the upstream \`${upstream.name}\` of the namespace \`${before.namespace}\` has the name already`;
    return [problemAt(upstream.locate(['name']), 'NAME_TAKEN', message, 'Rename one of the two.')];
  });
}

function checkPrimary(upstreams: readonly UpstreamDeclaration[]): Problem[] {
  const [first, ...others] = upstreams.filter(({ primary }) => primary === true);
  if (first !== undefined) {
    return others.map((one) =>
      problemAt(one.locate(['primary']), 'CONTRADICTION', `people sign in at \`${first.name}\` already`),
    );
  }
  // One of several is not guessed: whoever adds a second provider must not change where people sign in.
  const undecided = upstreams.find(({ primary }) => primary === undefined);
  if (upstreams.length < 2 || undecided === undefined) return [];
  return [
    problemAt(
      undecided.locate(['name']),
      'CONTRADICTION',
      `there are ${upstreams.length} upstreams and none says that people sign in there`,
      'Write `primary: true` in one, or `primary: false` in each.',
    ),
  ];
}

/**
 * A user is an issuer and a subject. Where two upstreams name the same issuer and read the subject from
 * different fields, whoever can choose the one could be whomever the other means.
 */
function checkSubjects(upstreams: readonly UpstreamDeclaration[]): Problem[] {
  const first = new Map<string, UpstreamDeclaration>();
  return upstreams.flatMap((upstream) => {
    const issuer = issuerOfUpstream(upstream);
    const before = first.get(issuer);
    if (before === undefined) {
      first.set(issuer, upstream);
      return [];
    }
    const [own, other] = [subjectOfUpstream(upstream), subjectOfUpstream(before)];
    if (own === other) return [];
    const message = `\`${before.name}\` has people of \`${issuer}\` as well, and knows them by \`${other}\`, not by \`${own}\``;
    return [problemAt(upstream.locate(['name']), 'CONTRADICTION', message, 'Give one of the two another `issuer`.')];
  });
}
