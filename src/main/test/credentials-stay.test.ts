/**
 * Whatever a client sends, nothing of its credential goes further than where it is judged (invariants 16 and 17): not to
 * servers behind, to token endpoints of others or to the issuer, nor into answers, the log and files; and the listener
 * where tokens are exchanged gets the token, and nothing else of the client's.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canary, leaksIn, type Canary } from '../../../test/canary/forms.ts';
import type { Received } from '../../../test/http-server.ts';
import { fieldsWith } from '../../../test/header-fields.ts';
import { BEHIND, openListeningGateway, send, type ListeningGateway, type Sent } from './credentials-stay.fixture.ts';

/** Who brings more that does not count is not answered for a while. */
const RUNS = Math.min(1000, Number(process.env['CHATELAINE_MODEL_RUNS'] ?? 150));

/** All that is theirs, whatever it is, has the same core. */
const THEIRS = canary('of the client');

/** By what program somebody came who was not let in is on record: it shows that the files are read. */
const KNOWN = canary('of the program');
const PROGRAM = ['User-Agent', KNOWN.text] as const;

/** How a client says who it is. `good` is let in. */
type Authorization =
  | 'good'
  | 'good, in lower case'
  | 'good, and another'
  | 'wrong'
  | 'Basic'
  | 'DPoP'
  | 'Token'
  | 'bare'
  | 'none';
const AUTHORIZATIONS: readonly Authorization[] = [
  ...['good', 'good', 'good', 'good', 'good, in lower case', 'good, and another'],
  ...['wrong', 'Basic', 'DPoP', 'Token', 'bare', 'none'],
] as readonly Authorization[];

function authorizationOf(how: Authorization, token: string): readonly (readonly [string, string])[] {
  switch (how) {
    case 'good':
      return [['Authorization', `Bearer ${token}`]];
    case 'good, in lower case':
      return [['authorization', `bearer ${token}`]];
    case 'good, and another':
      return [
        ['Authorization', `Bearer ${token}`],
        ['Authorization', `Bearer ${THEIRS.text}`],
      ];
    case 'wrong':
      return [['Authorization', `Bearer ${THEIRS.core}`]];
    case 'Basic':
      return [['Authorization', `Basic ${Buffer.from(`ann:${THEIRS.text}`).toString('base64')}`]];
    case 'DPoP':
      return [['Authorization', `DPoP ${THEIRS.core}`]];
    case 'Token':
      return [['Authorization', `Token ${THEIRS.text}`]];
    case 'bare':
      return [['Authorization', THEIRS.text]];
    case 'none':
      return [];
  }
}

type Door = 'REST' | 'MCP' | 'MCP, a session' | 'one server';
const query = fc.constantFrom('', '', '', `?x=${THEIRS.core}`, `?access_token=${THEIRS.core}`, `?token=${THEIRS.core}`);
const request = fc.record({
  fields: fieldsWith(fc.constant(THEIRS.text)).map((all) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => name !== 'User-Agent')),
  ),
  authorization: fc.constantFrom(...AUTHORIZATIONS),
  query,
  door: fc.constantFrom<Door>('REST', 'MCP', 'MCP, a session', 'one server'),
  server: fc.constantFrom(...BEHIND),
});

/** A call that is let in at every door to every server. */
const EVERYWHERE = (['REST', 'MCP', 'MCP, a session', 'one server'] as const).flatMap((door) =>
  BEHIND.map((server) => ({
    ...({ door, server, authorization: 'good', query: '' } as const),
    fields: { Cookie: THEIRS.text, 'X-Forwarded-Access-Token': THEIRS.text },
  })),
);

const JSON_FIELDS = [
  ['Content-Type', 'application/json'],
  ['Accept', 'application/json, text/event-stream'],
] as const;

/** A call of `echo` of the server, at the door. */
function callAt(door: Door, server: string, query: string): Sent {
  const args = { text: 'plain' };
  if (door === 'REST')
    return {
      ...{ method: 'POST', path: `/api/tool/${server}_echo/invoke${query}`, fields: JSON_FIELDS },
      body: JSON.stringify(args),
    };
  const name = door === 'one server' ? 'echo' : `${server}_echo`;
  const path = door === 'one server' ? `/mcp/s/default/${server}${query}` : `/mcp${query}`;
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call' };
  if (door === 'MCP, a session')
    return {
      method: 'POST',
      path,
      fields: JSON_FIELDS,
      body: JSON.stringify({ ...call, params: { name, arguments: args } }),
    };
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const fields = [
    ...JSON_FIELDS,
    ['MCP-Protocol-Version', '2026-07-28'],
    ['Mcp-Method', 'tools/call'],
    ['Mcp-Name', name],
  ] as const;
  return { method: 'POST', path, fields, body: JSON.stringify({ ...call, params: { name, arguments: args, _meta } }) };
}

/** What stands in the token beside its signature has the core too, as it is encoded there. */
const tokenOf = ({ issuer }: ListeningGateway, sub: string): Promise<string> =>
  issuer.token({ sub, tsid: `session-of-${sub}`, note: THEIRS.core });

/** The parts of a token that are not the same in each. */
const partsOf = (token: string): readonly Canary[] => {
  // The secret of a key may have the sign between its parts, and a piece of a few letters is found anywhere.
  const secret = token.startsWith('chk_') ? [token.split('_').slice(2).join('_')] : token.split('.').slice(1);
  return secret.map((core) => ({ name: 'of the token', text: core, core }));
};

const leaks = (where: string, said: string, token: string) =>
  leaksIn(where, Buffer.from(said), [THEIRS, ...partsOf(token)]);

const subjectIn = (body: string): string => new URLSearchParams(body).get('subject_token') ?? '';

/** Of a token that is no JWT the issuer is asked (RFC 7662 §2.1), and told nothing beside it. */
function withoutJudged({ body, ...rest }: Received): object {
  const form = new URLSearchParams(body);
  if (rest.url === '/introspection' && form.get('token') === THEIRS.core) form.delete('token');
  return { ...rest, body: form.toString() };
}

test('nothing of a client goes on to whoever is behind a gateway, nor into answers, log and files (invariants 16 and 17, property) (MCP-016)', async () => {
  const place = await openListeningGateway();
  const { gateway, taps, exchanges, tokenEndpoint, issuer, log } = place;
  // What servers offer is known once somebody has come.
  const firstToken = await tokenOf(place, 'first');
  const first = [['Authorization', `Bearer ${firstToken}`]] as const;
  for (const server of BEHIND) {
    const path = `/api/tool/${server}_connect_account/invoke`;
    await send(gateway.url, { method: 'POST', path, fields: [...JSON_FIELDS, ...first], body: '{}' });
  }
  await send(gateway.url, {
    method: 'GET',
    path: '/api/toolset',
    fields: [PROGRAM, ['Authorization', 'Bearer x']],
    body: '',
  });
  const served = new Set<string>();
  const earlier = new Set([firstToken]);
  let callers = 0;
  await fc.assert(
    fc.asyncProperty(request, async ({ fields, authorization, query: search, door, server }) => {
      // The door of one server is opened by no token of an issuer elsewhere.
      const token = door === 'one server' ? gateway.agentKey : await tokenOf(place, `caller-${++callers}`);
      const call = callAt(door, server, search);
      const before = {
        ...{ exchanges: exchanges.length, tokens: tokenEndpoint.length, log: log.length },
        issuer: issuer.server.received.length,
      };
      for (const { received } of Object.values(taps)) received.length = 0;
      const answer = await send(gateway.url, {
        ...call,
        fields: [...call.fields, ...Object.entries(fields), ...authorizationOf(authorization, token)],
      });
      const came = Object.values(taps).flatMap(({ received }) => received);
      // The session of an earlier caller may be closed in their name meanwhile, to make room.
      const asks = came.filter((one) => !one.startsWith('DELETE '));
      const exchanged = exchanges.slice(before.exchanges).filter(({ body }) => !earlier.has(subjectIn(body)));
      earlier.add(token);
      const isLetIn = answer.status === 200 && answer.text.includes('plain');
      if (isLetIn) served.add(`${door} ${server}`);
      const isInQuery = search.startsWith('?access_token');
      if (isInQuery || !authorization.startsWith('good'))
        expect([authorization, answer.status, asks, exchanged]).toEqual([authorization, isInQuery ? 400 : 401, [], []]);
      const asked = issuer.server.received.slice(before.issuer).map(withoutJudged);
      const heard = JSON.stringify([tokenEndpoint.slice(before.tokens), asked]);
      expect([
        ...leaks('an answer', answer.text, token),
        ...leaks('a server', came.join('\n'), token),
        ...leaks('a token endpoint, or the issuer', heard, token),
        ...leaks('the log', log.slice(before.log).join(''), token),
      ]).toEqual([]);
      for (const { body, ...rest } of exchanged) {
        expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
          ...{ grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', subject_token: token },
          ...{ subject_token_type: 'urn:ietf:params:oauth:token-type:access_token', audience: 'company' },
        });
        expect(leaks('the exchange, beside the token', JSON.stringify(rest), token)).toEqual([]);
      }
    }),
    { numRuns: RUNS, examples: EVERYWHERE.map((example): [typeof example] => [example]) },
  );
  const doors = ['REST', 'MCP', 'MCP, a session'].flatMap((door) => BEHIND.map((server) => `${door} ${server}`));
  expect([...served].toSorted()).toEqual([...doors, 'one server gamma'].toSorted());
  expect(new Set(leaksIn('the files', place.files(), [THEIRS, KNOWN]).map((leak) => leak.canary))).toEqual(
    new Set(['of the program']),
  );
}, 240_000);
