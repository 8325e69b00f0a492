import { table, toSeconds } from '../print.ts';

/** An approval as the API shows it. */
export interface Approval {
  readonly id: string;
  readonly state: 'pending' | 'approved' | 'consumed' | 'refused' | 'expired' | 'cancelled';
  readonly namespace: string;
  readonly tool: {
    readonly name: string;
    readonly description: string;
    readonly annotations: Readonly<Record<string, unknown>>;
  };
  readonly caller: {
    readonly kind: string;
    readonly issuer: string;
    readonly subject: string;
    readonly name: string | null;
    readonly client: string | null;
    readonly actors: readonly string[];
  };
  readonly needs: readonly string[];
  readonly open: readonly string[];
  readonly answers: readonly { readonly decider: string; readonly verdict: string; readonly at: string }[];
  readonly reason: string | null;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly argumentsDigest: string;
  readonly arguments: Readonly<Record<string, unknown>> | null;
  readonly decidable: boolean;
  readonly url: string | null;
}

export const describeApprovals = (approvals: readonly Approval[]): string =>
  table(
    ['ID', 'STATE', 'TOOL', 'CALLER', 'NEEDS', 'UNTIL', 'YOURS TO DECIDE'],
    approvals.map((one) => [
      one.id,
      one.state,
      safe(`${one.namespace}/${one.tool.name}`),
      safe(`${one.caller.kind} ${one.caller.name ?? one.caller.subject}`),
      one.open.join(', ') || '-',
      toSeconds(one.expiresAt) ?? '-',
      one.decidable ? 'yes' : '-',
    ]),
  );

/** One, with all that one decides by. */
export function describeApproval(one: Approval): string {
  const { caller, tool } = one;
  const through = caller.actors.length === 0 ? '' : `, through ${caller.actors.join(', ')}`;
  const lines: readonly (readonly [string, string])[] = [
    ['Approval', one.id],
    ['State', one.state + (one.reason === null ? '' : `: ${one.reason}`)],
    ['Tool', `${one.namespace}/${tool.name}`],
    ['It says', tool.description],
    ['It is', hintsOf(tool.annotations)],
    ['Caller', `${caller.kind} ${caller.name ?? ''} (${caller.issuer}#${caller.subject})${through}`],
    ['Needs', one.needs.join(', ')],
    ['Missing', one.open.join(', ') || 'nothing'],
    ...one.answers.map(({ decider, verdict, at }) => ['Answer', `${verdict} by ${decider} at ${at}`] as const),
    ['Until', one.expiresAt],
    ['Digest', one.argumentsDigest],
    ['Page', one.url ?? '-'],
  ];
  const args = one.arguments === null ? 'not shown' : `\n${JSON.stringify(one.arguments, null, 2)}`;
  return `${lines.map(([name, value]) => `${name.padEnd(10)}${safe(value)}`).join('\n')}\nArguments ${safe(args, true)}\n`;
}

function hintsOf(annotations: Readonly<Record<string, unknown>>): string {
  const { readOnlyHint, destructiveHint, openWorldHint } = annotations;
  return [
    readOnlyHint === true ? 'reading' : 'writing',
    ...(readOnlyHint === true || destructiveHint === false ? [] : ['destructive']),
    ...(openWorldHint === false ? [] : ['open to the world']),
  ].join(', ');
}

const HIDDEN = /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;

/** What one does not see, and what would move a terminal, by its number: nothing is approved unseen. */
export const safe = (text: string, laidOut = false): string =>
  text.replaceAll(HIDDEN, (sign) =>
    laidOut && sign === '\n'
      ? sign
      : `<U+${(sign.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, '0')}>`,
  );
