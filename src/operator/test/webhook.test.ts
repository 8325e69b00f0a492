/** The webhook of the operator asked by the API server over https, and what holds while it cannot be (OPR-008). */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import {
  authConfig,
  authServer,
  mcpServer,
  MovedClock,
  openOperatorWorld,
  statusOf,
  type OperatorWorld,
} from './running-operator.fixture.ts';
import { installWebhook } from './webhook.fixture.ts';

const DAY = 86_400_000;
const LONG = { timeout: 60_000 };

/** What the Service leads to: nothing, the webhook, or something that takes connections and says nothing. */
class Service {
  at: { host: string; port: number } | undefined;
  readonly #open = new Set<Socket>();
  #server: Server | undefined;

  leadsTo(port: number | undefined): void {
    this.at = port === undefined ? undefined : { host: '127.0.0.1', port };
  }

  async leadsToSilence(): Promise<void> {
    this.#server = createServer((socket) => void this.#open.add(socket.on('error', () => undefined)));
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    this.leadsTo((this.#server.address() as AddressInfo).port);
    onTestFinished(() => {
      for (const socket of this.#open) socket.destroy();
      this.#server?.close();
    });
  }
}

async function openWithWebhook(
  clock = new MovedClock(),
): Promise<{ world: OperatorWorld; service: Service; clock: MovedClock }> {
  const service = new Service();
  const world = await openOperatorWorld({ webhookAt: () => service.at });
  await installWebhook(world);
  return { world, service, clock };
}

const place = { webhook: { host: '127.0.0.1', port: 0 } };

test('what crosses objects is refused by the webhook, and what may come is a warning (OPR-008)', LONG, async () => {
  const { world, service } = await openWithWebhook();
  const operator = await world.start(place);
  await world.until(() => expect(operator.isReady).toBe(true));
  service.leadsTo(operator.webhookPort);
  await world.create(authServer());
  await world.create(authConfig());
  const answer = await world.ask('POST', world.collectionOf(mcpServer()), {
    body: mcpServer({ groupRef: { name: 'nobody' } }),
  });
  expect([answer.status, answer.warnings]).toEqual([201, expect.stringContaining('RefNotFound: spec.groupRef.name')]);
  await world.until(() =>
    expect(
      world.create(mcpServer({ resourceUrl: 'https://weather.example.com/mcp/' }, { name: 'copy' })),
    ).rejects.toThrow('ResourceUrlTaken'),
  );
  await expect(world.create(authServer({ issuer: 'https://login.example.com' }, { name: 'copy' }))).rejects.toThrow(
    'IssuerTaken',
  );
});

test(
  'while the webhook is stopped nothing is written to objects, their status apart, and they go on serving (OPR-008)',
  LONG,
  async () => {
    const { world, service } = await openWithWebhook();
    const operator = await world.start(place);
    await world.until(() => expect(operator.isReady).toBe(true));
    service.leadsTo(operator.webhookPort);
    for (const object of [authServer(), authConfig(), mcpServer()]) await world.create(object);
    await world.untilReady('MCPServer', 'weather');
    service.leadsTo(undefined);
    await expect(world.create(mcpServer({}, { name: 'more' }))).rejects.toThrow('failed calling webhook');
    await expect(world.change('MCPServer', 'weather', { spec: { replicas: 2 } })).rejects.toThrow(
      'failed calling webhook',
    );
    await world.remove('MCPServer', 'weather');
    expect(await world.get('MCPServer', 'weather')).toBeDefined();
    // What is not asked of the webhook goes on: children are kept, and status is written.
    await world.remove('Deployment', 'weather');
    await world.until(async () => expect(await world.get('Deployment', 'weather')).toBeDefined());
    await world.untilReady('MCPServer', 'weather');
    service.leadsTo(operator.webhookPort);
    await world.create(mcpServer({}, { name: 'more' }));
  },
);

test('a webhook that answers late, or with a certificate that has ended, lets nothing in (OPR-008)', LONG, async () => {
  const { world, service, clock } = await openWithWebhook();
  // So long ago that what it makes has ended by now.
  clock.moved = -100 * DAY;
  const operator = await world.start({ ...place, wallClock: clock });
  await world.until(() => expect(operator.isReady).toBe(true));
  service.leadsTo(operator.webhookPort);
  await expect(world.create(authServer())).rejects.toThrow('certificate has expired');
  await operator.stop();

  await service.leadsToSilence();
  const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/chatelaine-operator';
  const webhooks = ((await world.ask('GET', path)).body['webhooks'] as { readonly name: string }[]).map((one) => ({
    ...one,
    timeoutSeconds: 1,
  }));
  await world.ask('PATCH', path, { body: { webhooks }, type: 'merge-patch+json' });
  await expect(world.create(authServer())).rejects.toThrow('failed calling webhook');

  // By a clock that is right, the certificate is made anew, and shown.
  const later = await world.start(place);
  await world.until(() => expect(later.isReady).toBe(true));
  service.leadsTo(later.webhookPort);
  await world.until(async () =>
    expect((await world.ask('POST', world.collectionOf(authServer()), { body: authServer() })).status).toBe(201),
  );
});

test(
  'an object that came in while there was no webhook is judged by the reconcile the same way (OPR-008)',
  LONG,
  async () => {
    const world = await openOperatorWorld();
    await world.create(authServer({ tls: { clientAuth: { trustDomain: 'example.com', namespaces: ['identity'] } } }));
    await world.create(authConfig());
    await world.create(mcpServer());
    await world.create(authServer({ issuer: 'https://login.example.com' }, { name: 'copy', namespace: 'other' }));
    await world.create(
      mcpServer({ podTemplate: { spec: { hostNetwork: true } }, authServerRef: { name: 'open' } }, { name: 'host' }),
    );
    await world.start();
    await world.untilReady('MCPServer', 'weather', 'RefNotPermitted');
    await world.untilReady('MCPServer', 'host', 'RefNotFound');
    await world.untilQuiet();
    const made = (await world.list('Deployment')).map(({ metadata }) => (metadata as { name: string }).name);
    expect(made).toHaveLength(1);
    const states = [
      statusOf(await world.get('MCPAuthServer', 'login')),
      statusOf(await world.get('MCPAuthServer', 'copy', 'other')),
    ];
    expect(new Set(states.map(({ phase }) => phase))).toEqual(new Set(['Failed', 'Ready']));
  },
);
