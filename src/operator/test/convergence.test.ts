/** Whatever happens to objects and to requests meanwhile, in the end there is what the objects stand for (invariant 25). */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { JsonObject } from '#kernel';
import { internal, Refusal } from '../../../test/kubernetes/api-server/index.ts';
import {
  authConfig,
  authServer,
  CHILD_KINDS,
  gateway,
  group,
  mcpServer,
  openOperatorWorld,
  USER,
  type OperatorWorld,
  type Status,
} from './running-operator.fixture.ts';

interface Named {
  readonly kind: string;
  readonly name: string;
}

const OBJECTS: Readonly<Record<string, (round: number) => JsonObject>> = {
  'MCPAuthServer/login': (round) => authServer({ lifetimes: { accessToken: `${10 + round}m` } }),
  'MCPExternalAuthConfig/as-the-caller': (round) =>
    authConfig(round % 2 === 0 ? {} : { clientCert: { duration: '48h', renewBefore: '4h' } }),
  'MCPGroup/everybody': () => group(),
  'MCPServer/a': (round) => mcpServer({ replicas: round % 3, groupRef: { name: 'everybody' } }, { name: 'a' }),
  'MCPServer/b': (round) =>
    mcpServer(
      { scopes: [`s${round}`], ...(round % 2 === 0 && { expose: { ingress: { className: 'nginx' } } }) },
      { name: 'b' },
    ),
  'MCPGateway/front': (round) => gateway({ scopes: [`g${round}`] }),
};
/** What others refer to: there in the end. */
const NEEDED = ['MCPAuthServer/login', 'MCPExternalAuthConfig/as-the-caller', 'MCPGroup/everybody'];

const named = (title: string): Named => {
  const [kind = '', name = ''] = title.split('/');
  return { kind, name };
};

const anyObject = fc.constantFrom(...Object.keys(OBJECTS));
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ act: fc.constant('write' as const), title: anyObject, round: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('delete' as const), title: anyObject }) },
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant('fault' as const),
      how: fc.constantFrom('reset-before', 'reset-after', 'refuse', 'conflict', 'throttle', 'slow'),
      about: fc.constantFrom('secrets', 'configmaps', 'deployments', 'services', 'mcpservers', 'mcpauthservers', ''),
      times: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constantFrom('cut' as const, 'gone' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant('drift' as const),
      kind: fc.constantFrom('Deployment', 'Service', 'ConfigMap', 'NetworkPolicy'),
      which: fc.nat(20),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer Of> ? Of : never;

/** Runs the steps, and gives how to end all faults. */
class Story {
  readonly #world: OperatorWorld;
  readonly #over: (() => void)[] = [];

  constructor(world: OperatorWorld) {
    this.#world = world;
  }

  async take(one: Step): Promise<void> {
    const before = this.#world.asked().length;
    await this.#act(one);
    // Some of it is at work when the next happens.
    const isAtWork = (): void => {
      if (this.#world.asked().length <= before + 3) throw new Error('it has asked for nothing yet');
    };
    await this.#world.until(isAtWork, 60).catch(() => undefined);
  }

  async #act(one: Step): Promise<void> {
    const world = this.#world;
    switch (one.act) {
      case 'write':
        return write(world, one.title, one.round);
      case 'delete': {
        const { kind, name } = named(one.title);
        return world.remove(kind, name);
      }
      case 'cut':
        for (const watch of world.api.watches()) watch.cut();
        return;
      case 'gone':
        return world.api.compact({ watches: true });
      case 'drift': {
        const all = await world.list(one.kind, 'tools');
        const chosen = all[one.which % Math.max(1, all.length)];
        if (chosen !== undefined) await world.remove(one.kind, (chosen['metadata'] as { name: string }).name);
        return;
      }
      case 'fault':
        return this.#fault(one);
    }
  }

  #fault({ how, about, times }: Extract<Step, { act: 'fault' }>): void {
    const matches = ({
      user,
      watch,
      verb,
      resource,
    }: {
      user: string;
      watch: boolean;
      verb: string;
      resource: string;
    }): boolean =>
      user === USER && !watch && verb !== 'list' && resource !== 'leases' && (about === '' || resource === about);
    const held = Promise.withResolvers<void>();
    const fault = {
      'reset-before': { kind: 'reset-before' },
      'reset-after': { kind: 'reset-after' },
      refuse: { kind: 'refuse', refusal: internal('etcdserver: request timed out') },
      conflict: { kind: 'refuse', refusal: new Refusal(409, 'the object has been modified', 'Conflict') },
      throttle: {
        kind: 'refuse',
        refusal: new Refusal(429, 'too many requests', 'TooManyRequests'),
        retryAfterSeconds: 1,
      },
      slow: { kind: 'hold', until: held.promise },
    }[how] as Parameters<OperatorWorld['api']['faults']['inject']>[1];
    this.#over.push(this.#world.api.faults.inject(matches, fault, times), held.resolve);
  }

  end(): void {
    for (const over of this.#over) over();
  }
}

/** As `kubectl apply` does: made, or as it is said now. */
async function write(world: OperatorWorld, title: string, round: number): Promise<void> {
  const object = (OBJECTS[title] as (round: number) => JsonObject)(round);
  const { kind, name } = named(title);
  const path = `${world.collectionOf(object)}/${name}?fieldManager=kubectl&force=true`;
  const { status, body } = await world.ask('PATCH', path, { body: object, type: 'apply-patch+yaml' });
  // One that is on its way out takes no other spec, and what goes on is what it says.
  if (status >= 300 && status !== 409) throw new Error(`${kind}: ${JSON.stringify(body)}`);
}

/** Children as far as the objects decide them: without what is made once, by chance, or by the moment. */
async function childrenOf(world: OperatorWorld): Promise<Readonly<Record<string, unknown>>> {
  const children: Record<string, unknown> = {};
  for (const kind of CHILD_KINDS)
    for (const one of await world.list(kind, 'tools')) {
      const {
        name,
        labels,
        annotations,
        ownerReferences = [],
      } = one['metadata'] as JsonObject & { name: string; ownerReferences?: JsonObject[] };
      const rest = JSON.parse(JSON.stringify({ spec: one['spec'], data: one['data'] })) as Record<string, JsonObject>;
      for (const field of ['clusterIP', 'clusterIPs', 'volumeName'])
        if (rest['spec']) delete (rest['spec'] as Record<string, unknown>)[field];
      const isChance = kind === 'Secret' || name.endsWith('-trust');
      children[`${kind}/${name}`] = {
        ...{ labels, annotations, owners: ownerReferences.map(({ kind: of, name: owner }) => [of, owner]) },
        ...(isChance ? { keys: Object.keys(rest['data'] ?? {}).toSorted() } : rest),
      };
    }
  return children;
}

const nameOf = ({ metadata }: JsonObject): string => (metadata as { name: string }).name;

/** As a failure shows it. */
const printed = (object: JsonObject): string => {
  const { conditions = [] } = (object['status'] ?? {}) as Status;
  const said = conditions.map(({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`);
  return `${JSON.stringify(object['kind'])} ${nameOf(object)} (${said.join('; ')})`;
};

/** What is said of it is of the object as it is now. */
function isSettled({ metadata, status }: JsonObject): boolean {
  const { generation, deletionTimestamp } = metadata as { generation?: number; deletionTimestamp?: string };
  const { observedGeneration, conditions = [] } = (status ?? {}) as Status;
  const isReady = conditions.some(({ type, reason }) => type === 'Ready' && reason === 'Ready');
  return deletionTimestamp !== undefined || (observedGeneration === generation && isReady);
}

const KINDS = [...new Set(Object.keys(OBJECTS).map((title) => named(title).kind))];
const objectsOf = async (world: OperatorWorld): Promise<readonly JsonObject[]> =>
  (await Promise.all(KINDS.map((kind) => world.list(kind, 'tools')))).flat();

const untilSettled = (world: OperatorWorld): Promise<void> =>
  world.until(async () => {
    const waiting = (await objectsOf(world)).filter((one) => !isSettled(one)).map(printed);
    if (waiting.length > 0) throw new Error(`not settled: ${waiting.join(', ')}`);
  }, 60_000);

const FAST = { durationMs: 15_000, renewDeadlineMs: 10_000, retryMs: 50 };

/** What an operator makes of the same objects where nothing ever went wrong. */
async function reference(objects: readonly JsonObject[]): Promise<Readonly<Record<string, unknown>>> {
  const world = await openOperatorWorld();
  for (const { apiVersion, kind, metadata, spec } of objects) {
    const { name, namespace } = metadata as { name: string; namespace: string };
    await world.create({ apiVersion, kind, metadata: { name, namespace }, spec } as JsonObject);
  }
  const operator = await world.start({ election: FAST });
  await world.until(() => expect(operator.isLeader && operator.isReady).toBe(true));
  await untilSettled(world);
  await world.untilQuiet();
  const children = await childrenOf(world);
  await operator.stop();
  await world.api[Symbol.asyncDispose]();
  return children;
}

const withoutUids = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value).replaceAll(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'uid'),
    (name, member: unknown) => inOrder(name, member),
  );

/** Lists by key stand in the order in which their items came, which of these lists nobody goes by. */
const UNORDERED: Readonly<Record<string, string>> = { volumes: 'name', volumeMounts: 'mountPath', ports: 'name' };

function inOrder(name: string, member: unknown): unknown {
  const key = UNORDERED[name];
  if (key === undefined || !Array.isArray(member)) return member;
  const keyOf = (item: JsonObject): string => JSON.stringify(item[key] ?? null);
  return (member as JsonObject[]).toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
}

test(
  'after any objects and any faults there is what a fresh operator makes of the objects, and nothing is written any more (invariant 25)',
  { timeout: 1_800_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 16 }), async (steps) => {
        const world = await openOperatorWorld();
        const first = await world.start({ election: FAST });
        const story = new Story(world);
        await world.until(() => expect(first.isReady).toBe(true));
        const watched = world.api.watches().length;
        for (const title of NEEDED) await write(world, title, 0);
        for (const one of steps) await story.take(one);
        story.end();
        // What was deleted goes now, if nobody uses it, and what others need is made again after that.
        await world.until(() => expect(world.api.watches().length).toBeGreaterThanOrEqual(watched), 60_000);
        await world.untilQuiet(60_000, 1500);
        for (const title of NEEDED) await write(world, title, 0);
        await world.untilQuiet(60_000, 1500);
        const expected = withoutUids(await reference(await objectsOf(world)));
        await untilSettled(world);
        await world.until(async () => expect(withoutUids(await childrenOf(world))).toEqual(expected), 60_000);
        // It hears of everything again, and what was put off is done: longer than it was told to wait.
        await world.until(() => expect(world.api.watches().length).toBeGreaterThanOrEqual(watched), 60_000);
        await untilSettled(world);
        await world.untilQuiet(60_000, 1500);
        await first.stop();

        const asked = world.asked().length;
        const second = await world.start({ election: FAST });
        await world.until(() => expect(second.isLeader && second.isReady).toBe(true));
        await world.untilQuiet();
        const written = world
          .asked()
          .slice(asked)
          .filter(
            ({ verb, resource }) => ['create', 'update', 'patch', 'delete'].includes(verb) && resource !== 'leases',
          );
        expect(written.map(({ verb, resource, subresource, name }) => [verb, resource, subresource, name])).toEqual([]);
        await second.stop();
        await world.api[Symbol.asyncDispose]();
      }),
      { numRuns: Number(process.env['CHATELAINE_MODEL_RUNS'] ?? 5), endOnFailure: true },
    );
  },
);
