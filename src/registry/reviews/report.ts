import { z } from 'zod';
import { moment, momentOf } from '#http';
import { LINE_STATES, type Campaign, type Counts, type Line } from './campaign.ts';

const counts = z
  .strictObject(
    Object.fromEntries(LINE_STATES.map((state) => [state, z.int().nonnegative()])) as Record<
      (typeof LINE_STATES)[number],
      z.ZodInt
    >,
  )
  .describe('Lines by what became of them. `outstanding`: to be taken away elsewhere.');

const campaignFacts = {
  id: z.string(),
  namespace: z.string().describe('Whose access it is about; `*` for all.'),
  title: z.string(),
  reviewers: z.array(z.string()).describe('Ids of users.'),
  onDue: z.enum(['report', 'revoke']).describe('What becomes of lines that nobody has decided by then.'),
  dueAt: moment,
  openedBy: z.strictObject({ kind: z.enum(['user', 'agent', 'operator']), id: z.string() }),
  openedAt: moment,
  closedBy: z.string().nullable(),
  closedAt: moment.nullable(),
  state: z.enum(['open', 'due', 'closed']).describe('`due`: its time is over; it can still be decided.'),
  counts,
};

const lineFacts = {
  line: z.int().positive(),
  holder: z.strictObject({
    kind: z.enum(['user', 'agent']),
    id: z.string(),
    name: z.string().nullable().describe('Null for a person who was forgotten.'),
  }),
  kind: z.enum([
    ...(['binding', 'agent-role', 'declared-role', 'membership', 'claim-group'] as const),
    ...(['key', 'credential', 'policy'] as const),
  ]),
  namespace: z.string().describe('Where it is; `*` for what is in no namespace.'),
  target: z.string().describe('Its id or name.'),
  what: z.string(),
  elsewhere: z.string().nullable().describe('Where it must be taken away, or why it is not here.'),
  state: z.enum(LINE_STATES),
  reason: z.string().nullable(),
  decidedBy: z.string().nullable().describe('The id of a user; `due` where nobody had decided in time.'),
  decidedAt: moment.nullable(),
};

export const reviewReport = z.strictObject({
  format: z.literal('chatelaine-access-campaign/1'),
  madeAt: moment,
  ...campaignFacts,
  lines: z.array(z.strictObject(lineFacts)),
});
export type ReviewReport = z.infer<typeof reviewReport>;

export const campaignAnswer = z.strictObject(campaignFacts);
export const lineAnswer = z.strictObject(lineFacts);

export const shownCampaign = (
  one: Campaign & { readonly counts: Counts },
  now: number,
): z.input<typeof campaignAnswer> => ({
  ...{ id: one.id, namespace: one.namespace, title: one.title, reviewers: [...one.reviewers], onDue: one.onDue },
  ...{ dueAt: momentOf(one.dueAt), openedBy: { ...one.openedBy }, openedAt: momentOf(one.openedAt) },
  ...{ closedBy: one.closedBy, closedAt: momentOf(one.closedAt), counts: { ...one.counts } },
  state: one.closedAt !== null ? 'closed' : one.dueAt <= now ? 'due' : 'open',
});

export const shownLine = (one: Line, name: string | undefined): z.input<typeof lineAnswer> => ({
  line: one.line,
  holder: { kind: one.holder.kind, id: one.holder.id, name: name ?? null },
  ...{ kind: one.kind, namespace: one.namespace, target: one.target, what: one.what },
  ...{ elsewhere: one.elsewhere ?? null, state: one.state, reason: one.reason },
  ...{ decidedBy: one.decidedBy, decidedAt: momentOf(one.decidedAt) },
});

/** The pieces of one JSON document of `reviewReport`: a campaign may have more lines than one wants in memory. */
export async function* reportOf(
  campaign: Campaign & { readonly counts: Counts },
  pages: AsyncIterable<readonly Line[]>,
  { now, nameOf }: { readonly now: number; readonly nameOf: (line: Line) => Promise<string | undefined> },
): AsyncGenerator<string, void, undefined> {
  const head = { format: 'chatelaine-access-campaign/1', madeAt: momentOf(now), ...shownCampaign(campaign, now) };
  yield `${JSON.stringify(head).slice(0, -1)},"lines":[`;
  let lead = '';
  for await (const page of pages) {
    for (const line of page) {
      yield lead + JSON.stringify(shownLine(line, await nameOf(line)));
      lead = ',';
    }
  }
  yield ']}';
}
