/**
 * Every route of the API × everybody who could ask it. The routes are those of the description that the
 * server gives of itself; what each caller may do is read from the table of permissions; what is known
 * about a route beyond that stands in `PLACES`, and a route that does not stand there fails.
 */
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EVERYWHERE, type Access, type Action, type Role } from '#contract';
import { PERMISSIONS } from '#identity';
import { serveApi, type ServedApi, type TestCaller } from './api.fixture.ts';
import { operationsOf, pathOf, PLACES, type Operation, type Place } from './api-routes.fixture.ts';

let served: ServedApi;
beforeAll(async () => {
  served = await serveApi();
});
afterAll(() => served.close());

/** What nobody could mean: refused for its form by whoever gets that far, so that nothing is changed. */
const NONSENSE = { body: '{"nonsense":true}', headers: { 'content-type': 'application/json' } };

const ask = (operation: Operation, path: string, credential: string | undefined): Promise<Response> =>
  served.ask(operation.method, path, credential, operation.method === 'GET' ? {} : NONSENSE);

/** Whether the caller holds one of the roles of the action, where the thing is. */
function holds({ role, namespace }: TestCaller, action: Action, at: string): boolean {
  const permission = PERMISSIONS[action] as { readonly roles: readonly Role[]; readonly everywhere?: true };
  const near = namespace === EVERYWHERE || (permission.everywhere !== true && namespace === at);
  return near && permission.roles.includes(role);
}

/** What the table says that the caller must get: the status, and its code where it is a refusal. */
function expected(caller: TestCaller, operation: Operation, place: Place): string {
  const done = operation.method === 'GET' ? '200' : '400 REQUEST_INVALID';
  const { permission: action } = operation;
  if (action === undefined) return place[0] === 'public' ? done : 'a route without a permission';
  const { access } = PERMISSIONS[action] as { readonly access: Access };
  const may = (at: string): boolean => holds(caller, action, at) && caller.access.includes(access);
  switch (place[0]) {
    case 'public':
      return 'a public route with a permission';
    case 'own':
      return caller.access.includes(access) ? done : '403 FORBIDDEN';
    case 'everywhere':
      return may(EVERYWHERE) ? done : '403 FORBIDDEN';
    case 'anywhere':
      return may(caller.namespace) ? done : '403 FORBIDDEN';
    case 'personal':
      if (may('home')) return place[2].split(' ').includes(caller.role) ? done : '200 of nothing';
      return may('elsewhere') ? '200 of nothing' : '403 FORBIDDEN';
    case 'listed':
      if (may('home')) return done;
      // Somebody else's namespace is as one in which there is nothing.
      if (caller.namespace !== 'elsewhere' || !may('elsewhere')) return '403 FORBIDDEN';
      return operation.method === 'GET' ? '200 of nothing' : done;
    default: {
      const at = place[0] === 'home' ? 'home' : EVERYWHERE;
      const reading = `${action.slice(0, action.indexOf('.'))}.read` as Action;
      if (!holds(caller, reading, at)) return place[2] === 'FORBIDDEN' ? '403 FORBIDDEN' : `404 ${place[2]}`;
      return may(at) ? done : '403 FORBIDDEN';
    }
  }
}

async function given(answer: Response, listed: boolean): Promise<string> {
  if (!/^application\/(?:problem\+)?json$/.test(answer.headers.get('content-type') ?? '')) {
    await answer.arrayBuffer();
    return `${answer.status}`;
  }
  const body = (await answer.json()) as { readonly code?: string; readonly items?: readonly unknown[] };
  if (body.code !== undefined) return `${answer.status} ${body.code}`;
  return listed && body.items?.length === 0 ? '200 of nothing' : `${answer.status}`;
}

test('the table of this test has every route of the description, and no other', async () => {
  const ids = (await operationsOf(served)).map(({ operationId }) => operationId);
  expect(ids.toSorted()).toEqual(Object.keys(PLACES).toSorted());
});

test('every route × every credential that does not count: 401, with the challenge, and not a word more', async () => {
  const wrong: string[] = [];
  for (const operation of await operationsOf(served)) {
    const place = PLACES[operation.operationId] as Place;
    if (place[0] === 'public') continue;
    for (const [what, credential] of Object.entries(served.refused)) {
      const answer = await ask(operation, pathOf(served, place), credential);
      const { code, detail } = (await answer.json()) as { code?: string; detail?: string };
      const said = `${answer.status} ${code} ${answer.headers.get('www-authenticate')?.split(',')[0]}`;
      if (said !== '401 UNAUTHENTICATED Bearer realm="chatelaine"' || /target|home/.test(detail ?? '')) {
        wrong.push(`${operation.operationId}, ${what}: ${said}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test('every route × every role, here, elsewhere and everywhere: what the table of permissions says', async () => {
  const wrong: string[] = [];
  let asked = 0;
  for (const operation of await operationsOf(served)) {
    const place = PLACES[operation.operationId] as Place;
    for (const caller of served.callers) {
      const isList = place[0] === 'listed' || place[0] === 'personal';
      const path = isList ? `${pathOf(served, place)}?namespace=home` : pathOf(served, place);
      const said = await given(await ask(operation, path, caller.key), isList);
      const wanted = expected(caller, operation, place);
      asked++;
      if (said !== wanted) wrong.push(`${operation.operationId} by ${caller.what}: ${said}, not ${wanted}`);
      const [status, code] = said.split(' ');
      if (code !== undefined && code !== 'of' && !operation.codes.get(Number(status))?.includes(code)) {
        wrong.push(`${operation.operationId}: the description does not know ${said}`);
      }
    }
  }
  expect(wrong).toEqual([]);
  expect(asked).toBe(served.callers.length * Object.keys(PLACES).length);
});

test('what is answered is what the description says', async () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const admin = served.callers.find(({ what }) => what === `admin of ${EVERYWHERE}`) as TestCaller;
  for (const operation of await operationsOf(served)) {
    if (operation.method !== 'GET' || operation.success === undefined) continue;
    const answer = await ask(operation, pathOf(served, PLACES[operation.operationId] as Place), admin.key);
    const validate = ajv.compile(operation.success);
    expect([operation.operationId, validate(await answer.json()), validate.errors]).toEqual([
      operation.operationId,
      true,
      null,
    ]);
  }
});

describe('what is in a foreign namespace', () => {
  /** A thing there, and one that is nowhere, by the same route. */
  const PAIRS: readonly (readonly [method: string, foreign: () => string, nowhere: string])[] = [
    ...['GET', 'PATCH', 'DELETE', 'POST'].map(
      (method) => [method, () => '/agents/home/target', '/agents/elsewhere/nobody'] as const,
    ),
    ['POST', () => '/agents/home/target/disable', '/agents/elsewhere/nobody/disable'],
    ['GET', () => `/keys/${served.made.key}`, '/keys/06bxk2m9q4zv7c1n8hj3t5w0y2'],
    ['POST', () => `/keys/${served.made.key}/revoke`, '/keys/06bxk2m9q4zv7c1n8hj3t5w0y2/revoke'],
    ...['GET', 'PUT', 'DELETE'].map(
      (method) => [method, () => '/secrets/home/target', '/secrets/nowhere/target'] as const,
    ),
    ['POST', () => '/secrets/home/target/disable', '/secrets/nowhere/target/disable'],
    ['PUT', () => '/policies/home/target', '/policies/nowhere/target'],
    ['GET', () => '/groups/home/target', '/groups/nowhere/target'],
    ['GET', () => '/tools/home/registered', '/tools/nowhere/registered'],
    ['DELETE', () => `/role-bindings/${served.made.binding}`, '/role-bindings/06bxk2m9q4zv7c1n8hj3t5w0y2'],
    ['GET', () => `/audit/records/${served.made.record}`, '/audit/records/06bxk2m9q4zv7c1n8hj3t5w0y2'],
  ];

  /** An answer without what names the request and what was asked for. */
  async function faceOf(answer: Response, path: string): Promise<string> {
    const headers = [...answer.headers].filter(([name]) => !['date', 'x-request-id', 'content-length'].includes(name));
    const [namespace = '', name = ''] = path.split('/').slice(2);
    const text = (await answer.text())
      .replace(/"instance":"[^"]*"/, '')
      .replaceAll(`\`${name}\``, '`…`')
      .replaceAll(`\`${namespace}\``, '`…`')
      .replaceAll(`\`${namespace}/${name}\``, '`…`');
    return JSON.stringify([answer.status, headers, text]);
  }

  test('answers to every role of another as what is not there does: status, headers and body (property)', async () => {
    const foreigners = served.callers.filter(({ namespace }) => namespace === 'elsewhere');
    const cases = fc.record({
      pair: fc.constantFrom(...PAIRS),
      caller: fc.constantFrom(...foreigners),
      withBody: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ pair: [method, foreignPath, nowhere], caller, withBody }) => {
        const init = withBody && method !== 'GET' ? NONSENSE : {};
        const face = async (path: string): Promise<string> =>
          faceOf(await served.ask(method, `/api/v1${path}`, caller.key, init), path);
        const foreign = await face(foreignPath());
        // Nowhere is a namespace of the caller's own for some: there it may be told more than that.
        const wrongBody = withBody && method !== 'GET' && nowhere.includes('/elsewhere/');
        if (!wrongBody) expect(foreign).toBe(await face(nowhere.replace('/elsewhere/', '/nowhere/')));
        expect(foreign.slice(1, 4)).toBe('404');
      }),
      { numRuns: 150 },
    );
  });

  test('is refused on record, and so is what is nowhere: neither saves its record', async () => {
    const admin = served.callers.find(({ what }) => what === `admin of ${EVERYWHERE}`) as TestCaller;
    const newest = async (): Promise<{ readonly id: string; readonly error: string } | undefined> => {
      const answer = await served.ask('GET', '/api/v1/audit/records?type=api.refused&limit=1', admin.key);
      return ((await answer.json()) as { items: { id: string; error: string }[] }).items[0];
    };
    for (const [at, [method, foreign, nowhere]] of PAIRS.entries()) {
      for (const path of [foreign(), nowhere.replace('/elsewhere/', '/nowhere/')]) {
        const before = await newest();
        // What is refused to one caller more than thirty times in a minute is counted, and not written down.
        const key = served.unheard[at % served.unheard.length];
        await served.ask(method, `/api/v1${path}`, key);
        const after = await newest();
        expect([method, path, after?.id === before?.id]).toEqual([method, path, false]);
        expect(after?.error).toMatch(/_UNKNOWN$/);
      }
    }
  });

  test('answers as what is missing among one’s own, where that is looked at', async () => {
    const admin = served.callers.find(({ what }) => what === 'admin of elsewhere') as TestCaller;
    for (const [foreign, missing] of [
      ['/agents/home/target', '/agents/elsewhere/nobody'],
      ['/secrets/home/target', '/secrets/elsewhere/nobody'],
      ['/groups/home/target', '/groups/elsewhere/nobody'],
    ] as const) {
      const faces = await Promise.all(
        [foreign, missing].map(async (path) => faceOf(await served.ask('GET', `/api/v1${path}`, admin.key), path)),
      );
      expect(faces[0]).toBe(faces[1]);
    }
  });
});

test('every refusal of this file is on record, and no record holds a credential', async () => {
  const admin = served.callers.find(({ what }) => what === `admin of ${EVERYWHERE}`) as TestCaller;
  const answer = await served.ask('GET', '/api/v1/audit/records?type=api.refused&limit=1000', admin.key);
  const text = await answer.text();
  const { items } = JSON.parse(text) as { items: readonly { outcome: string; error: string }[] };
  expect(items.length).toBeGreaterThan(100);
  expect(new Set(items.map(({ outcome }) => outcome))).toEqual(new Set(['denied']));
  expect(served.callers.some(({ key }) => text.includes(key.slice(31)))).toBe(false);
});
