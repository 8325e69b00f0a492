/** What policies would have decided, what somebody needs, and what is watched, as routes of `/api/v1`. */
import { z } from 'zod';
import type { AuditLog } from '#audit';
import { EVERYWHERE, type Principal, type Refuse } from '#contract';
import { route, stream, type Call, type Route } from '#http';
import type { Clock } from '#kernel';
import type { Evaluator } from '../decide/evaluator.ts';
import type { PolicySet } from '../decide/policy-set.ts';
import { findCaller } from '../explain/asked.ts';
import { questionError } from '../explain/errors.ts';
import type { Callers, Reach } from '../explain/ports.ts';
import { principalEntity } from '../facts/entities.ts';
import { advise, type AdvisedFor } from './advise.ts';
import { shownFacts, shownReport, shownSide } from './answers.ts';
import { callsOnRecord, namespaceAsked, type Range } from './calls-on-record.ts';
import { draftOf } from './draft.ts';
import { RecordedSubjects, type ReadSubject } from './recorded-sets.ts';
import {
  aboutNamespace,
  adviceLine,
  advisedFor,
  policyPath,
  proposal,
  range,
  shadowReport,
  simulationLine,
  type AdviceAnswer,
  type ShadowAnswer,
} from './schemas.ts';
import { recordedShadow } from './recorded-shadow.ts';
import type { ShadowPolicies } from './shadow.ts';
import { simulate } from './simulate.ts';

export interface BacktestParts {
  readonly policies: { current(): PolicySet | Promise<PolicySet> };
  readonly evaluator: () => Promise<Evaluator>;
  readonly callers: Callers;
  readonly audit: Pick<AuditLog, 'query' | 'opened'>;
  readonly readSubject: ReadSubject;
  /** Who may read the record sees of it what others do not. */
  readonly refuse: Refuse;
  /** What this process watches. */
  readonly shadow: Pick<ShadowPolicies, 'report' | 'dropped'>;
  readonly clock: Clock;
}

const WEEK_MS = 7 * 86_400_000;

export function backtestRoutes(parts: BacktestParts): readonly Route[] {
  const { policies, evaluator, callers, audit, readSubject, refuse, shadow, clock } = parts;
  const readsRecord = (principal: Principal, namespace: string = EVERYWHERE): boolean =>
    refuse(principal, 'audit.read', { namespace }) === undefined;
  /** What the asker may ask about, however narrow the question is: who may everywhere may propose global policies. */
  const reachOf = (principal: Principal, action: 'policy.read' | 'audit.read', namespaces: Reach): Reach =>
    refuse(principal, action, { namespace: EVERYWHERE }) === undefined ? 'all' : namespaces;

  const rangeOf = ({ from, to }: { readonly from?: string | undefined; readonly to?: string | undefined }): Range => {
    const end = to === undefined ? clock.now() : Date.parse(to);
    const begin = from === undefined ? end - WEEK_MS : Date.parse(from);
    if (begin >= end) throw questionError('RANGE_REFUSED', '`from` does not lie before `to`');
    return { from: new Date(begin).toISOString(), to: new Date(end).toISOString() };
  };

  async function* simulated({ body, principal, namespaces }: Call<unknown, unknown, z.output<typeof simulateBody>>) {
    const within = rangeOf(body);
    const namespace = namespaceAsked(namespaces);
    const judge = await evaluator();
    const current = [...new Set((await policies.current()).rules.map(({ policy }) => policy))];
    const priorities = new Map(current.map(({ id, priority }) => [id, priority]));
    const put = body.put.map(({ id, priority = priorities.get(id) ?? 0, cedar }) => ({
      ...{ id, namespace: id.slice(0, id.indexOf('/')), priority, cedar },
    }));
    const draft = draftOf(judge, current, { ...body, put }, reachOf(principal, 'policy.read', namespaces));
    if (!draft.ok) {
      const violations = draft.error.flatMap(({ id, problems }) =>
        problems.map((problem) => ({ policy: id, ...problem })),
      );
      const said = violations.map(({ policy, message }) => `\`${policy}\`: ${message}`).join('; ');
      throw questionError('DRAFT_REFUSED', `the proposed policies cannot be read: ${said}`, {
        details: { violations },
      });
    }
    const subjects = new RecordedSubjects(readSubject, judge);
    const calls = callsOnRecord(audit, within, { reach: namespaces, most: body.most });
    let seen = 0;
    const work = simulate(calls, { evaluator: judge, draft: draft.value.set, subjects });
    for (;;) {
      const step = await work.next();
      if (step.done === true) {
        const truncated = seen >= body.most;
        const shown = { range: within, truncated, readsRecord: readsRecord(principal, namespace) };
        yield line(simulationLine, { report: shownReport(step.value, draft.value, shown) });
        return;
      }
      seen = step.value;
      yield line(simulationLine, { progress: { records: seen } });
    }
  }

  async function* advised({ body, principal, namespaces }: Call<unknown, unknown, z.output<typeof adviseBody>>) {
    const within = rangeOf(body);
    const judge = await evaluator();
    const whose = await whoseUse(body.of, callers, reachOf(principal, 'audit.read', namespaces));
    const subjects = new RecordedSubjects(readSubject, judge);
    const calls = () => callsOnRecord(audit, within, { reach: namespaces, most: body.most });
    let seen = 0;
    const work = advise(whose, calls, { evaluator: judge, subjects });
    for (;;) {
      const step = await work.next();
      if (step.done === true) {
        const { cedar, tools, scopes, check, calls: counted, lost } = step.value;
        const report: AdviceAnswer = {
          ...{
            range: within,
            truncated: seen >= 2 * body.most,
            cedar,
            calls: counted,
            lost,
            scopes: [...scopes],
            check,
          },
          tools: tools.map((tool) => ({ ...tool, scopes: [...tool.scopes], callers: [...tool.callers] })),
        };
        yield line(adviceLine, { report });
        return;
      }
      seen = step.value;
      yield line(adviceLine, { progress: { records: seen } });
    }
  }

  return [
    stream({
      operationId: 'simulatePolicies',
      path: '/policies/simulate',
      summary: 'Decide recorded calls again by proposed policies, and list what would be otherwise',
      description:
        'A line of progress now and then, and a last line with the report. Nothing is changed. What cannot be decided again from what is on record is counted, and never guessed. Who may read the policies of a namespace alone holds its calls against policies that are proposed for it.',
      tag: 'policies',
      permission: 'policy.read',
      where: 'listed',
      query: aboutNamespace,
      errors: ['DRAFT_REFUSED', 'RANGE_REFUSED', 'NAMESPACE_UNSAID'],
      body: simulateBody,
      media: 'application/x-ndjson',
      answer: simulationLine,
      handle: async (call) => simulated(call),
    }),
    stream({
      operationId: 'advisePolicies',
      path: '/policies/advise',
      summary: 'The tightest permits under which what somebody did still passes, with the evidence',
      description: 'A line of progress now and then, and a last line with the report. Nothing is changed.',
      tag: 'policies',
      permission: 'audit.read',
      where: 'listed',
      query: aboutNamespace,
      errors: ['CALLER_UNKNOWN', 'RANGE_REFUSED', 'NAMESPACE_UNSAID'],
      body: adviseBody,
      media: 'application/x-ndjson',
      answer: adviceLine,
      handle: async (call) => advised(call),
    }),
    route({
      operationId: 'getPolicyShadow',
      method: 'GET',
      path: '/policies/{namespace}/{name}/shadow',
      summary: 'What a policy that is watched would have decided otherwise, and how often',
      tag: 'policies',
      permission: 'policy.read',
      params: policyPath,
      where: {
        target: ({ namespace }) => ({ namespace }),
        missing: notWatched,
      },
      errors: ['POLICY_NOT_WATCHED'],
      answer: shadowReport,
      handle: async ({ params, principal }): Promise<ShadowAnswer> => {
        const policy = `${params.namespace}/${params.name}`;
        const report = shadow.report(policy);
        const recorded = await recordedShadow(audit, params, report?.digest);
        if (report === undefined) return { policy, recorded, examples: [] };
        const { counts, since, examples, digest } = report;
        const { same, 'would-deny': wouldDeny, 'would-allow': wouldAllow, obligations } = counts;
        const here = { same, 'would-deny': wouldDeny, 'would-allow': wouldAllow, obligations };
        const shown = readsRecord(principal, params.namespace) ? Object.entries(examples) : [];
        return {
          ...{ policy, digest, recorded },
          here: { ...here, since: new Date(since).toISOString(), dropped: shadow.dropped },
          examples: shown.flatMap(([difference, some]) =>
            some.map(({ at, principal: caller, tool, before, after, facts }) => ({
              difference: difference as 'would-deny',
              ...{ at: new Date(at).toISOString(), principal: caller, tool, facts: shownFacts(facts) },
              ...{ before: shownSide(before), after: shownSide(after) },
            })),
          ),
        };
      },
    }),
  ];
}

const simulateBody = z.strictObject({ ...range, ...proposal });
const adviseBody = z.strictObject({ of: advisedFor, ...range });

const notWatched = ({ namespace, name }: { readonly namespace: string; readonly name: string }) =>
  questionError('POLICY_NOT_WATCHED', `there is no policy \`${namespace}/${name}\` for who asks`);

/** Held against its description, which a stream is not by itself. */
const line = <Line extends z.ZodType>(schema: Line, value: z.input<Line>): string =>
  `${JSON.stringify(schema.parse(value))}\n`;

async function whoseUse(of: z.output<typeof advisedFor>, callers: Callers, reach: Reach): Promise<AdvisedFor> {
  if ('role' in of) return { kind: 'role', role: of.role };
  if ('policy' in of) return { kind: 'policy', id: of.policy };
  const whom = 'user' in of ? ({ kind: 'user', id: of.user } as const) : ({ kind: 'agent', id: of.agent } as const);
  const caller = await findCaller(callers, whom, reach);
  const { type, id } = principalEntity(caller, caller.namespace);
  return { kind: 'principal', type: type as 'User' | 'Agent', id };
}
