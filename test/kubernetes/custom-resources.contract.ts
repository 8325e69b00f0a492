/** What an API server does with our custom resources: the same of the one for tests and of a real one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '#kernel';
import { CUSTOM_RESOURCES, type CustomResourceKind } from '#contract/kubernetes';
import { type Answer, ask, causesOf, type Cluster } from './api-client.ts';
import { collectionOf, define, DEFINITIONS, definitionsPath, nameOf } from './definitions.ts';
import { neighbours } from './neighbours.ts';
import { CHANGES, OBJECTS } from './objects.ts';

const good = OBJECTS.filter(({ refused }) => refused === undefined);
const bad = OBJECTS.filter(({ refused }) => refused !== undefined);

const objectOf = (title: string): JsonObject => {
  const found = OBJECTS.find((one) => one.title === title);
  if (found === undefined) throw new TypeError(`there is no object \`${title}\``);
  return structuredClone(found.object);
};
const gateway = objectOf('a gateway of the least that there is to say');
const authServer = objectOf('an MCPAuthServer of the least that there is to say');

const named = (object: JsonObject, name: string): JsonObject => ({
  ...object,
  metadata: { ...(object['metadata'] as JsonObject), name },
});
const specOf = ({ body }: Answer): JsonObject => body['spec'] as JsonObject;

/** Structural schemas have no unions: what only some types have by default, zod alone fills in. */
const ofSomeTypes = new Set([
  'userinfo',
  'organizationsAsGroups',
  'poolSize',
  'port',
  'schema',
  'duration',
  'organizationField',
]);

/** Names of fields that only the second value has, however deep. */
function missingFrom(some: unknown, all: unknown): string[] {
  if (typeof all !== 'object' || all === null) return [];
  const given = some as Record<string, unknown>;
  return Object.entries(all).flatMap(([name, one]) =>
    given[name] === undefined ? [name] : missingFrom(given[name], one),
  );
}

const metadataOf = ({ body }: Answer): JsonObject => body['metadata'] as JsonObject;

export function customResourceContract(start: () => Promise<Cluster>): void {
  let cluster: Cluster;
  beforeAll(async () => {
    cluster = await start();
    await define(cluster);
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  const create = (body: JsonObject, query = ''): Promise<Answer> =>
    ask(cluster, 'POST', `${collectionOf(body)}?${query}`, { body });
  const at = (object: JsonObject): string => `${collectionOf(object)}/${nameOf(object)}`;
  const merge = (path: string, body: JsonObject): Promise<Answer> =>
    ask(cluster, 'PATCH', path, { body, type: 'merge-patch+json' });
  const apply = (object: JsonObject, manager: string, more = ''): Promise<Answer> =>
    ask(cluster, 'PATCH', `${at(object)}${more}${more.includes('?') ? '&' : '?'}fieldManager=${manager}`, {
      body: object,
      type: 'apply-patch+yaml',
    });

  describe('definitions', () => {
    it.each(DEFINITIONS)('$metadata.name is established, structural, and named as it asks', async ({ metadata }) => {
      const { body } = await ask(cluster, 'GET', `${definitionsPath}/${metadata.name}`);
      const { conditions } = body['status'] as { conditions: { type: string; status: string }[] };
      const said = Object.fromEntries(conditions.map(({ type, status }) => [type, status]));
      expect(said).toStrictEqual({ NamesAccepted: 'True', Established: 'True' });
    });
  });

  describe('objects of the table', () => {
    it.each(good)('take $title, with the defaults of zod', async ({ object }) => {
      const answer = await create(object, 'dryRun=All&fieldValidation=Strict');
      expect(causesOf(answer)).toStrictEqual([{ field: '', message: '' }]);
      expect([answer.status, answer.warnings]).toStrictEqual([201, '']);
      const { schema } = CUSTOM_RESOURCES[object['kind'] as CustomResourceKind];
      const whole = schema.parse(object) as { spec: JsonObject };
      expect(whole.spec).toMatchObject(specOf(answer));
      expect((schema.parse({ ...object, spec: specOf(answer) }) as typeof whole).spec).toStrictEqual(whole.spec);
      expect(missingFrom(specOf(answer), whole.spec).filter((name) => !ofSomeTypes.has(name))).toStrictEqual([]);
    });

    it.each(bad)('refuse $title', async ({ object, refused }) => {
      const answer = await create(object, 'dryRun=All');
      expect([answer.status, answer.body['reason']]).toStrictEqual([422, 'Invalid']);
      const fitting = causesOf(answer).filter(({ field }) => field.startsWith(refused?.at ?? ''));
      expect(fitting, JSON.stringify(causesOf(answer))).not.toStrictEqual([]);
      expect(fitting.map(({ message }) => message).join('\n')).toContain(refused?.says);
    });

    it.each(good)('and what is one step away from $title: taken where zod takes it', async ({ object }) => {
      const { schema } = CUSTOM_RESOURCES[object['kind'] as CustomResourceKind];
      const differing: string[] = [];
      for (const { title, object: other } of neighbours(object)) {
        const issues = schema.safeParse(other).error?.issues ?? [];
        const answer = await create(other, 'dryRun=All');
        if ((answer.status === 201) === (issues.length === 0)) continue;
        const why = issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
        differing.push(
          `${title}: ${answer.status} ${JSON.stringify(answer.body['message'])}, and zod: ${why || 'taken'}`,
        );
      }
      expect(differing.join('\n')).toBe('');
    });

    it.each(CHANGES)('judge a change: $title', async ({ before, after, refused }) => {
      const made = await create(before);
      const answer = await merge(at(after), after);
      await ask(cluster, 'DELETE', at(before));
      expect(made.status).toBe(201);
      if (refused === undefined) expect(answer.status, JSON.stringify(answer.body)).toBe(200);
      else {
        expect(answer.status).toBe(422);
        const [cause, ...others] = causesOf(answer);
        expect(others).toStrictEqual([]);
        expect(cause?.field).toBe(refused.at);
        expect(cause?.message).toContain(refused.says);
      }
    });
  });

  describe('fields that are not there', () => {
    const strange = named({ ...gateway, spec: { ...(gateway['spec'] as JsonObject), colour: 'red' } }, 'strange');

    it('are left out, said in a warning, or refused, as whoever writes asks', async () => {
      const silent = await create(strange, 'dryRun=All&fieldValidation=Ignore');
      expect([silent.status, silent.warnings, specOf(silent)['colour']]).toStrictEqual([201, '', undefined]);
      const warned = await create(strange, 'dryRun=All&fieldValidation=Warn');
      expect(warned.warnings).toContain('unknown field \\"spec.colour\\"');
      const strict = await create(strange, 'dryRun=All&fieldValidation=Strict');
      expect([strict.status, strict.body['message']]).toStrictEqual([
        400,
        expect.stringContaining('unknown field "spec.colour"'),
      ]);
    });

    it('are kept in a pod template, whose fields are those of Kubernetes', async () => {
      const podTemplate = { metadata: { labels: { a: 'b' } }, spec: { nodeSelector: { disk: 'ssd' }, colour: 'red' } };
      const answer = await create(
        { ...authServer, spec: { ...(authServer['spec'] as JsonObject), podTemplate } },
        'dryRun=All&fieldValidation=Strict',
      );
      expect([answer.status, specOf(answer)['podTemplate']]).toStrictEqual([201, podTemplate]);
    });
  });

  describe('status', () => {
    const own = named(gateway, 'with-status');
    const ready = {
      ...{ type: 'Ready', status: 'True', reason: 'Serving', message: 'one pod serves' },
      lastTransitionTime: '2030-01-01T00:00:00Z',
    };

    it('is written at its own address alone, and neither side moves the other', async () => {
      const made = await create({ ...own, status: { phase: 'Ready' } });
      expect([made.status, made.body['status'], metadataOf(made)['generation']]).toStrictEqual([201, undefined, 1]);
      const status = { phase: 'Ready', observedGeneration: 1, readyReplicas: 1, conditions: [ready] };
      const told = await merge(`${at(own)}/status`, { spec: { groupRef: { name: 'others' } }, status });
      expect([told.status, told.body['status']]).toStrictEqual([200, status]);
      expect(specOf(told)['groupRef']).toStrictEqual({ name: 'engineering' });
      expect(metadataOf(told)['generation']).toBe(1);
      const meant = await merge(at(own), { spec: { groupRef: { name: 'others' } }, status: { phase: 'Failed' } });
      expect([meant.body['status'], metadataOf(meant)['generation']]).toStrictEqual([status, 2]);
      const labelled = await merge(at(own), { metadata: { labels: { a: 'b' } } });
      expect(metadataOf(labelled)['generation']).toBe(2);
    });

    it('is held against its schema', async () => {
      const wrong = { ...ready, status: 'Perhaps', lastTransitionTime: 'yesterday' };
      const answer = await merge(`${at(own)}/status`, { status: { phase: 'Fine', conditions: [wrong] } });
      expect(answer.status).toBe(422);
      expect(causesOf(answer).map(({ field }) => field)).toStrictEqual(
        expect.arrayContaining(['status.phase', 'status.conditions[0].status']),
      );
    });

    it('is shown in columns, a date as an age, and the reason of Ready in wide ones', async () => {
      const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
      const { body } = await ask(cluster, 'GET', at(own), { accept });
      const columns = body['columnDefinitions'] as { name: string; priority: number }[];
      const [row] = body['rows'] as { cells: unknown[] }[];
      const cells = Object.fromEntries(columns.map(({ name }, index) => [name, row?.cells[index]]));
      expect(cells).toStrictEqual({
        ...{ Name: 'with-status', Resource: 'https://tools.example.com/mcp', Group: 'others' },
        ...{ Ready: 1, Phase: 'Ready', Reason: 'Serving', Age: expect.stringMatching(/^\d+s$/) },
      });
      expect(columns.filter(({ priority }) => priority === 1).map(({ name }) => name)).toStrictEqual(['Reason']);
    });
  });

  describe('scale', () => {
    const own = named(gateway, 'scaled');

    it('is the replicas that are wanted, those that are, and the labels of the pods', async () => {
      await create(own);
      await merge(`${at(own)}/status`, { status: { replicas: 1, selector: 'app.kubernetes.io/name=gateway' } });
      const { body } = await ask(cluster, 'GET', `${at(own)}/scale`);
      expect([body['kind'], body['spec'], body['status']]).toStrictEqual([
        'Scale',
        { replicas: 1 },
        { replicas: 1, selector: 'app.kubernetes.io/name=gateway' },
      ]);
    });

    it('is set as a field is: its rules are asked, and the generation moves', async () => {
      const two = await merge(`${at(own)}/scale`, { spec: { replicas: 2 } });
      expect(two.status).toBe(422);
      expect(two.body['message']).toContain('share one PostgreSQL');
      const none = await merge(`${at(own)}/scale`, { spec: { replicas: 0 } });
      expect([none.status, none.body['spec'] ?? {}]).toStrictEqual([200, {}]);
      const now = await ask(cluster, 'GET', at(own));
      expect([specOf(now)['replicas'], metadataOf(now)['generation']]).toStrictEqual([0, 2]);
    });

    it('is not there of a kind that does not run in pods', async () => {
      const group = objectOf('a group of which nothing is said');
      await create(group);
      const answer = await fetch(`${cluster.url}${at(group)}/scale`);
      expect(answer.status).toBe(404);
    });
  });

  describe('server-side apply', () => {
    const spec = authServer['spec'] as JsonObject;
    const [acme] = spec['upstreams'] as JsonObject[];
    const own = named(authServer, 'applied');
    const second = { ...acme, name: 'second' };

    it('merges upstreams by name: one manager adds to those of another, and takes back its own', async () => {
      const made = await apply(own, 'team');
      expect(made.status, JSON.stringify(made.body)).toBe(201);
      const bare = { apiVersion: own['apiVersion'], kind: own['kind'], metadata: own['metadata'] } as JsonObject;
      const added = await apply({ ...bare, spec: { upstreams: [second] } }, 'other');
      expect(added.status, JSON.stringify(added.body)).toBe(200);
      const names = (answer: Answer): unknown[] =>
        (specOf(answer)['upstreams'] as JsonObject[]).map(({ name }) => name);
      expect(names(added)).toStrictEqual(['acme', 'second']);
      expect(names(await apply(own, 'team'))).toStrictEqual(['acme', 'second']);
      expect(names(await apply({ ...bare, spec: {} }, 'other'))).toStrictEqual(['acme']);
    });

    it('a field of another is a conflict that names them, and is taken over by force alone', async () => {
      const bare = { apiVersion: own['apiVersion'], kind: own['kind'], metadata: own['metadata'] } as JsonObject;
      const other = { ...bare, spec: { upstreams: [{ ...acme, clientId: 'another' }] } };
      const refused = await apply(other, 'other');
      expect(refused.status).toBe(409);
      expect(causesOf(refused)).toMatchObject([
        { field: '.spec.upstreams[name="acme"].clientId', message: 'conflict with "team"' },
      ]);
      const forced = await apply(other, 'other', '?force=true');
      expect(forced.status).toBe(200);
      expect(specOf(forced)['upstreams']).toMatchObject([{ clientId: 'another' }]);
    });

    it('merges conditions by type, each of its own manager', async () => {
      const condition = (type: string): JsonObject => ({
        ...{ type, status: 'True', reason: 'So', message: '', lastTransitionTime: '2030-01-01T00:00:00Z' },
      });
      const bare = { apiVersion: own['apiVersion'], kind: own['kind'], metadata: own['metadata'] } as JsonObject;
      const said = (type: string): JsonObject => ({ ...bare, status: { conditions: [condition(type)] } });
      await apply(said('Ready'), 'operator', '/status');
      const both = await apply(said('Seen'), 'watcher', '/status');
      expect(both.status, JSON.stringify(both.body)).toBe(200);
      const types = (answer: Answer): unknown[] =>
        (answer.body['status'] as { conditions: JsonObject[] }).conditions.map(({ type }) => type);
      expect(types(both)).toStrictEqual(['Ready', 'Seen']);
      expect(types(await apply({ ...bare, status: {} }, 'operator', '/status'))).toStrictEqual(['Seen']);
    });

    it('that changes nothing leaves the version as it was', async () => {
      const first = await apply(named(gateway, 'still'), 'team');
      const again = await apply(named(gateway, 'still'), 'team');
      expect([first.status, again.status]).toStrictEqual([201, 200]);
      expect(metadataOf(again)['resourceVersion']).toBe(metadataOf(first)['resourceVersion']);
    });
  });
}
