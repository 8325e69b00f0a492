/**
 * Calls and lists with access tokens of an identity provider: JWTs signed with RS256, a thousand different ones,
 * whose issuer, time, audience and scopes both Chatelaine and MCP Toolbox check. Chatelaine writes each call down;
 * Toolbox does not.
 */
import { AUDIENCE, startIssuer, signingKey } from '../../test/issuer.ts';
import { listCalls, mcpCalls } from '../data/calls.ts';
import { LIMITS, policies } from '../data/policies.ts';
import { sqliteTools } from '../data/tools.ts';
import type { Call } from '../load/exchanges.ts';
import { duel, DUEL_HEADER, type Duel } from './duel.ts';
import type { Bench, Findings, Scenario } from './scenario.ts';

const TOOLS = 10;
const MANY_TOOLS = 1000;
const SCOPE = 'hotels.read';
/** Different tokens, used in turn, of half as many people. */
const TOKENS = 1000;
const PEOPLE = 500;
const LIFE_SECONDS = 3600;

/** An issuer, and configurations and calls that mean it. */
export interface Authenticated {
  readonly authService: string;
  readonly tokens: readonly string[];
  /** The calls, repeated until so many tokens were used once. */
  readonly withTokens: (calls: readonly Call[], count?: number) => readonly Call[];
}

/** Runs with an issuer in this process, which is asked for its keys and rests otherwise. */
export async function withIssuer<Value>(use: (issued: Authenticated) => Promise<Value>): Promise<Value> {
  await using issuer = await startIssuer();
  const key = signingKey('RS256');
  issuer.keys = [key];
  const exp = Math.floor(Date.now() / 1000) + LIFE_SECONDS;
  const tokens = await Promise.all(
    Array.from({ length: TOKENS }, (_, at) =>
      issuer.token({ sub: `caller-${at % PEOPLE}`, jti: String(at), scope: SCOPE, exp }, { key }),
    ),
  );
  return await use({
    tokens,
    authService: `kind: authService
name: company
type: generic
authorizationServer: ${issuer.url}
audience: ${AUDIENCE}
mcpEnabled: true
scopesRequired: [${SCOPE}]
---
`,
    withTokens(calls, count = TOKENS) {
      const many = Array.from({ length: Math.ceil(count / calls.length) }, () => calls).flat();
      return many.map((call, at) => ({
        ...call,
        headers: { ...call.headers, Authorization: `Bearer ${tokens[at % count]}` },
      }));
    },
  });
}

/** What is compared; credential, documents of the issuer and tokens are put in. */
type Passage = Omit<Duel, 'credential' | 'configuration'> & {
  readonly tools: number;
  readonly scopes?: readonly string[];
  readonly count?: number;
};

const found = (bench: Bench, { tools, scopes, count, ...passage }: Passage): Promise<Findings> =>
  withIssuer(async ({ authService, tokens, withTokens }) => {
    const plan: Duel = {
      ...passage,
      configuration: authService + sqliteTools(bench.hotels, tools, scopes),
      calls: withTokens(passage.calls, count),
      credential: tokens[0],
    };
    const { rows, gates } = await duel(bench, plan);
    return { tables: [{ title: plan.what, header: DUEL_HEADER, rows }], gates };
  });

/**
 * Floors by the rule of the others (`calls.ts`). What is aimed at is
 * what a prototype did (docs/performance.md); Toolbox, which keeps no record, is asked for it with `--full`.
 */
const CALL = {
  floors: { 16: 0.075, 64: 0.085 },
  toolbox: {
    floors: { R: {}, C: { 16: 0.8, 64: 0.95 } },
    goals: { R: { 16: 1.5, 64: 2.5 }, C: { 16: 3.5, 64: 3.5 } },
  },
};
const LIST = {
  floors: { 16: 0.45 },
  toolbox: { floors: { R: { 16: 5 }, C: { 16: 20 } }, goals: { R: { 16: 12 }, C: { 16: 25 } } },
};

const call: Scenario = {
  name: 'token-call',
  run: (bench) =>
    found(bench, {
      what: 'MCP tools/call with RS256 tokens under 100 policies and a limit, SQLite',
      tools: TOOLS,
      scopes: [SCOPE],
      // The whole path: a hundred policies, a limit for everybody, and the record.
      ours: policies(100) + LIMITS,
      calls: mcpCalls(TOOLS),
      connections: bench.connections,
      ...CALL,
    }),
};

const list: Scenario = {
  name: 'token-list',
  run: (bench) =>
    found(bench, {
      what: `tools/list of ${MANY_TOOLS} with RS256 tokens`,
      tools: MANY_TOOLS,
      calls: listCalls(MANY_TOOLS),
      // Each answer is kept by the generator, and has a third of a megabyte.
      count: 16,
      connections: [16],
      ...LIST,
    }),
};

export const authenticatedScenarios: readonly Scenario[] = [call, list];
