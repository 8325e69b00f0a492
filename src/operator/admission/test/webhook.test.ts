/** The webhook as the API server meets it: over TLS, with bodies of its form and of others. */
import { X509Certificate } from 'node:crypto';
import { Agent, request as httpsRequest } from 'node:https';
import { connect } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { reveal, silentLogger } from '#kernel';
import { loadCertificateAuthority } from '#tls';
import { bundleData, decideAuthority, decideLeaf, keptSecret, secretObject } from '../../certificates/index.ts';
import type { KubernetesObject } from '../../kubernetes-object.ts';
import { snapshotOf, type Snapshot } from '../../references/index.ts';
import { known, written } from '../../references/test/objects.ts';
import {
  bundlesOf,
  certificateOf,
  openAdmissionServer,
  webhookConfiguration,
  webhookWishes,
  withCaBundle,
  type AdmissionServer,
} from '../index.ts';

const ca = await loadCertificateAuthority();
const MINUTE = 60_000;
const HOST = 'chatelaine-webhook.chatelaine.svc';
const place = { namespace: 'chatelaine', service: 'chatelaine-webhook', ownerUid: 'uid-of-operator' };
const owner = {
  ownerReferences: [
    { apiVersion: 'apps/v1', kind: 'Deployment', name: 'operator', uid: place.ownerUid, controller: true },
  ],
};

/** The webhook's own authority, certificate and configuration, kept as the API server would. */
class Installation {
  authority: KubernetesObject | undefined;
  leaf: KubernetesObject | undefined;
  configuration = webhookConfiguration({ name: 'chatelaine', ...place }, '');
  #version = 0;
  madeAfter: number | undefined;

  /** Until there is nothing more to do at `now`. */
  settle(now: number): void {
    const { authority, leaf } = webhookWishes(place);
    const source = { ...authority.source, ...(this.madeAfter !== undefined && { madeAfter: this.madeAfter }) };
    for (let turn = 0; turn < 10; turn++) {
      const kept = this.leaf && keptSecret(this.leaf);
      const chain = kept?.data['tls.crt'];
      const decision = decideAuthority(
        ca,
        { ...authority, source },
        {
          kept: this.authority && keptSecret(this.authority),
          bundles: bundlesOf(this.configuration),
          evidence: bundlesOf(this.configuration).map((data) => data?.['authorities.crt']),
          leaves: [chain && reveal(chain)],
        },
        now,
      );
      if (decision.step !== undefined) {
        this.authority = this.#kept(secretObject(decision.step.write, owner));
        continue;
      }
      this.configuration = withCaBundle(this.configuration, bundleData(decision.trusted)['ca.crt'] ?? '');
      const { write } = decideLeaf(ca, leaf, kept, decision.signer, now);
      if (write !== undefined) this.leaf = this.#kept(secretObject(write, owner));
    }
  }

  #kept(object: KubernetesObject): KubernetesObject {
    return {
      ...object,
      metadata: { ...object.metadata, uid: object.metadata.name, resourceVersion: String(++this.#version) },
    };
  }

  bundle(): string {
    return bundlesOf(this.configuration)[0]?.['ca.crt'] ?? '';
  }

  shown() {
    const shown = certificateOf(this.leaf && keptSecret(this.leaf));
    if (shown === undefined) throw new Error('there is no certificate');
    return shown;
  }
}

const objects = snapshotOf([known('MCPAuthServer', 'auth/login'), known('MCPServer', 'tools/first')]);
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function open(more: { now?: number; snapshot?: () => Promise<Snapshot>; deadlineMs?: number } = {}) {
  const installation = new Installation();
  installation.settle(more.now ?? Date.now());
  const server = await openAdmissionServer({
    ...{ port: 0, host: '127.0.0.1', certificate: installation.shown(), log: silentLogger },
    snapshot: more.snapshot ?? (async () => objects),
    ...(more.deadlineMs !== undefined && { deadlineMs: more.deadlineMs }),
  });
  closing.push(() => server.close());
  return { installation, server };
}

interface Reply {
  readonly status: number;
  readonly text: string;
}

/** As the API server: by the name of the Service, with the bundle of the configuration alone. */
function call(
  { server, bundle }: { readonly server: AdmissionServer; readonly bundle: string },
  body: string | Buffer,
  more: { path?: string; method?: string; type?: string; agent?: Agent } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(
      {
        ...{ host: '127.0.0.1', port: server.port, servername: HOST, ca: bundle, agent: more.agent ?? false },
        ...{ path: more.path ?? '/validate?timeout=5s', method: more.method ?? 'POST' },
        headers: { 'content-type': more.type ?? 'application/json' },
      },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString() }));
        answer.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const review = (request: object): string =>
  JSON.stringify({
    ...{ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1' },
    request: {
      ...{ uid: 'the-uid', kind: { group: 'chatelaine.dev', version: 'v1alpha1', kind: 'MCPServer' } },
      ...{ resource: { group: 'chatelaine.dev', version: 'v1alpha1', resource: 'mcpservers' }, name: 'mine' },
      ...{ namespace: 'tools', operation: 'CREATE', oldObject: null, dryRun: false, options: {} },
      ...request,
    },
  });
const fine = written('MCPServer', 'tools/mine', { resourceUrl: 'https://tools.example.com/mine' });

describe('the webhook', () => {
  it('answers a review over TLS 1.3 by the bundle of its configuration, and no older TLS', async () => {
    const { installation, server } = await open();
    const reply = await call({ server, bundle: installation.bundle() }, review({ object: fine }));
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.text)).toEqual({
      ...{ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' },
      response: { uid: 'the-uid', allowed: true },
    });
    const old = connect({
      ...{ host: '127.0.0.1', port: server.port, servername: HOST },
      ca: installation.bundle(),
      maxVersion: 'TLSv1.2',
    });
    const refused = await new Promise((resolve) =>
      old.on('error', resolve).on('secureConnect', () => resolve(undefined)),
    );
    expect(refused).toBeInstanceOf(Error);
  });

  it('refuses with code, reason and message, and warns of what may come yet', async () => {
    const { installation, server } = await open();
    const to = { server, bundle: installation.bundle() };
    const taken = written('MCPServer', 'tools/mine');
    expect(JSON.parse((await call(to, review({ object: taken }))).text).response).toEqual({
      ...{ uid: 'the-uid', allowed: false },
      status: {
        code: 409,
        reason: 'ResourceUrlTaken',
        message: expect.stringContaining('spec.resourceUrl: another object'),
      },
    });
    const early = written('MCPServer', 'tools/mine', {
      resourceUrl: 'https://tools.example.com/mine',
      groupRef: { name: 'later' },
    });
    expect(JSON.parse((await call(to, review({ object: early }))).text).response).toEqual({
      ...{ uid: 'the-uid', allowed: true },
      warnings: ['RefNotFound: spec.groupRef.name: there is no MCPGroup `later` in the namespace `tools`'],
    });
  });

  it.each([
    ['a body that is no JSON', 'no', 400],
    ['nothing', '', 400],
    ['a body that nests deeper than any object', `{"request":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, 400],
    ['a member twice', review({ object: fine }).replace('"uid"', '"uid":"other","uid"'), 400],
    [
      'a review of another version',
      review({ object: fine }).replace('admission.k8s.io/v1', 'admission.k8s.io/v1beta1'),
      400,
    ],
    ['a review without a uid', review({ object: fine, uid: '' }), 400],
    ['an object that is a list', review({ object: [] }), 400],
    ['bytes that are not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), 400],
    ['more bytes than two objects have', `{"pad":"${'x'.repeat(4 * 1024 * 1024)}"}`, 413],
  ] as const)('allows nothing by %s', async (_, body, status) => {
    const { installation, server } = await open();
    const reply = await call({ server, bundle: installation.bundle() }, body).catch(
      (cause: NodeJS.ErrnoException) => cause,
    );
    // The connection is closed on who goes on sending, which may be seen before the answer.
    if (reply instanceof Error) expect(status).toBe(413);
    else expect(reply).toMatchObject({ status });
    const after = await call({ server, bundle: installation.bundle() }, review({ object: fine }));
    expect(JSON.parse(after.text).response.allowed).toBe(true);
  });

  it.each([
    [{ path: '/' }, 404],
    [{ method: 'PUT' }, 405],
    [{ type: 'application/yaml' }, 415],
  ])('allows nothing by %j', async (more, status) => {
    const { installation, server } = await open();
    expect((await call({ server, bundle: installation.bundle() }, review({ object: fine }), more)).status).toBe(status);
  });

  it('answers that it cannot, within its deadline, while the objects are not known (OPR-008)', async () => {
    const { installation, server } = await open({ snapshot: () => new Promise<Snapshot>(() => {}), deadlineMs: 300 });
    const reply = await call({ server, bundle: installation.bundle() }, review({ object: fine }));
    expect(reply).toMatchObject({ status: 503, text: expect.stringContaining('not done in time') });
  });

  it('allows nothing where the objects cannot be had (OPR-008)', async () => {
    const { installation, server } = await open({ snapshot: () => Promise.reject(new Error('no list yet')) });
    const reply = await call({ server, bundle: installation.bundle() }, review({ object: fine }));
    expect(reply.status).toBe(503);
    expect(reply.text).not.toContain('no list yet');
  });

  it('waits for nobody who sends a part of a request and then nothing', async () => {
    const { installation, server } = await open({ deadlineMs: 300 });
    const socket = connect({ host: '127.0.0.1', port: server.port, servername: HOST, ca: installation.bundle() });
    socket.write(
      `POST /validate HTTP/1.1\r\nhost: ${HOST}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`,
    );
    await new Promise((resolve) => socket.on('error', resolve).on('close', resolve).resume());
    expect(socket.destroyed).toBe(true);
  });

  it('is not believed with a certificate that has expired (OPR-008)', async () => {
    const { installation, server } = await open({ now: Date.now() - 40 * 24 * 60 * MINUTE });
    await expect(call({ server, bundle: installation.bundle() }, review({ object: fine }))).rejects.toMatchObject({
      code: 'CERT_HAS_EXPIRED',
    });
    // Whoever renews it ends the outage without a restart.
    installation.settle(Date.now());
    server.show(installation.shown());
    expect((await call({ server, bundle: installation.bundle() }, review({ object: fine }))).status).toBe(200);
  });

  it('keeps what it shows where the new certificate is not of its key', async () => {
    const { installation, server } = await open();
    const other = new Installation();
    other.settle(Date.now());
    expect(() => server.show({ ...installation.shown(), key: other.shown().key })).toThrow('key values mismatch');
    expect((await call({ server, bundle: installation.bundle() }, review({ object: fine }))).status).toBe(200);
  });

  it('loses no request while its authority and certificate are rotated under load', async () => {
    const { installation, server } = await open({ now: Date.now() - 30 * MINUTE });
    const first = installation.bundle();
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    closing.push(async () => agent.destroy());
    const load = { isOver: false };
    let answered = 0;
    const loads = [undefined, undefined, agent, agent].map(async (by) => {
      while (!load.isOver) {
        const reply = await call(
          { server, bundle: installation.bundle() },
          review({ object: fine }),
          by && { agent: by },
        );
        expect(reply.status).toBe(200);
        answered++;
      }
    });
    const more = async (count: number) => {
      const goal = answered + count;
      await expect.poll(() => answered, { timeout: 20_000 }).toBeGreaterThan(goal);
    };
    const begin = Date.now() - 20 * MINUTE;
    installation.madeAfter = begin;
    for (let minute = 0; minute <= 12; minute += 2) {
      installation.settle(begin + minute * MINUTE);
      server.show(installation.shown());
      await more(4);
    }
    load.isOver = true;
    await Promise.all(loads);
    const last = installation.bundle();
    expect(last).not.toBe(first);
    expect(last.match(/BEGIN/g)).toHaveLength(1);
    expect(new X509Certificate(installation.shown().chain).checkIssued(new X509Certificate(last))).toBe(true);
  });
});
