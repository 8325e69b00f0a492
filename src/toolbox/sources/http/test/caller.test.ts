/** Sources whose requests carry what is each caller's own. */
import { describe, expect, it } from 'vitest';
import type { CallerFace, GrantRefusal, UpstreamTokenWish } from '#contract';
import { err, ok, reveal, Secret, type JsonObject } from '#kernel';
import { serve, type TestServer } from '../../../../../test/http-server.ts';
import type { ToolBody } from '../../../tools/tool-type.ts';
import { buildTool, openSource, runContext } from './http-tool.fixture.ts';

const echoing = (): Promise<TestServer> =>
  serve((request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(request.headers));
  });

/** Somebody with a token at every upstream, which a refusal has refreshed. */
class Person implements CallerFace {
  readonly context: string;
  refusal: GrantRefusal | undefined;
  #generation = 0;

  constructor(context: string) {
    this.context = context;
  }

  async upstreamToken(upstream: string, { refused }: UpstreamTokenWish = {}): ReturnType<CallerFace['upstreamToken']> {
    if (this.refusal !== undefined) return err(this.refusal);
    const now = (): string => `${this.context}-at-${upstream}-${this.#generation}`;
    if (refused !== undefined && reveal(refused) === now()) this.#generation++;
    return ok({ accessToken: new Secret(now()), expiresInSeconds: 600, scopes: [] });
  }
}

const toolOn = (url: string, auth: JsonObject): ToolBody =>
  buildTool(openSource({ baseUrl: url, auth: { type: 'upstream', ...auth } }), { method: 'GET', path: '/' });

const call = async (tool: ToolBody, caller: CallerFace): Promise<unknown> => await tool.run({}, runContext({ caller }));

describe('a source of callers', () => {
  it('sends each API the token of the caller at the upstream that is named for it, and no other', async () => {
    await using forge = await echoing();
    await using chat = await echoing();
    const tools = [
      toolOn(forge.url, { upstream: 'forge' }),
      toolOn(chat.url, { upstream: 'chat', name: 'X-Chat-Token' }),
    ];
    const people = Array.from({ length: 20 }, (_, index) => new Person(`p${index}`));
    await Promise.all(people.flatMap((person) => tools.map((tool) => call(tool, person))));
    const seen = ({ received }: TestServer, name: string) =>
      received.map(({ headers }) => String(headers[name])).toSorted();
    expect(seen(forge, 'authorization')).toEqual(
      people.map(({ context }) => `Bearer ${context}-at-forge-0`).toSorted(),
    );
    expect(seen(chat, 'x-chat-token')).toEqual(people.map(({ context }) => `${context}-at-chat-0`).toSorted());
    expect(JSON.stringify(forge.received)).not.toContain('at-chat');
    expect(JSON.stringify(chat.received)).not.toContain('at-forge');
  });

  it('does not pass the token on that an API repeats, nor to where it redirects', async () => {
    await using api = await echoing();
    await using leading = await serve((_, response) => response.writeHead(302, { location: api.url }).end());
    const ana = new Person('ana');
    expect(JSON.stringify(await call(toolOn(api.url, { upstream: 'forge', name: 'X-Odd' }), ana))).not.toContain(
      'ana-at',
    );
    await call(toolOn(leading.url, { upstream: 'forge' }), ana);
    expect(JSON.stringify(api.received.at(-1)?.headers)).not.toContain('ana-at');
  });

  it.each([
    [401, 'once more with the next token', ['Bearer ana-at-forge-0', 'Bearer ana-at-forge-1']],
    [403, 'not again: the caller may not do this there', ['Bearer ana-at-forge-0']],
  ])('whose API answers %d is asked %s', async (status, _, expected) => {
    await using api = await serve((_request, response) => response.writeHead(status).end());
    await expect(call(toolOn(api.url, { upstream: 'forge' }), new Person('ana'))).rejects.toMatchObject({
      code: 'TOOL_FAILED',
    });
    expect(api.received.map(({ headers }) => headers.authorization)).toEqual(expected);
  });

  it.each([
    [{ reason: 'session' }, 'CALLER_NOT_SIGNED_IN', undefined],
    [{ reason: 'upstream' }, 'UPSTREAM_NOT_ALLOWED', undefined],
    [{ reason: 'link' }, 'ACCOUNT_NOT_LINKED', { upstream: 'forge' }],
    [{ reason: 'unavailable', retryAfterSeconds: 7 }, 'GRANT_UNAVAILABLE', { upstream: 'forge', retryAfterSeconds: 7 }],
  ] as const)('asks the API nothing where there is no token: %j', async (refusal, code, details) => {
    await using api = await echoing();
    const ana = new Person('ana');
    ana.refusal = refusal;
    await expect(call(toolOn(api.url, { upstream: 'forge' }), ana)).rejects.toMatchObject({ code, details });
    expect(api.received).toEqual([]);
  });

  it('is checked without anybody’s token', async () => {
    await using api = await echoing();
    const source = openSource({ baseUrl: api.url, auth: { type: 'upstream', upstream: 'forge' } });
    await source.check(new AbortController().signal);
    expect([source.upstream, source.credential]).toEqual(['forge', { way: 'caller', inTheClear: false }]);
  });

  it('lets no tool or caller set the header of the token', () => {
    const source = openSource({
      baseUrl: 'https://a.example',
      auth: { type: 'upstream', upstream: 'forge', name: 'X-T' },
    });
    for (const name of ['X-T', 'Authorization'])
      expect(() => buildTool(source, { method: 'GET', path: '/', headers: { [name]: 'mine' } })).toThrow('sends');
  });
});
