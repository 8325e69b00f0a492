import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { auditRecord, type AuditRecord } from '#contract';
import { toCef } from '../export/cef.ts';
import { exportNdjson, readNdjson } from '../export/ndjson.ts';
import { toOcsf } from '../export/ocsf.ts';
import { toSyslog } from '../export/syslog.ts';
import { logStream } from '../verify/log-stream.ts';
import { verifyLog } from '../verify/verify.ts';
import { fill, openLogAt, suiteScratch, trusted } from './audit.fixture.ts';
import { SegmentStore } from '../store/segments/segment-store.ts';
import { systemClock } from '#kernel';

const record = auditRecord.parse({
  v: 1,
  id: '06gzsa57c6wbmxx97ehj000000',
  writer: '06gzsa576vh5ne4jdqk714pfqr',
  seq: 7,
  time: '2026-11-21T09:30:00.123Z',
  class: 'tool-call',
  type: 'tool.call',
  door: 'mcp',
  requestId: 'req-1',
  actor: { kind: 'agent', iss: 'chatelaine', sub: 'agent-1', name: 'booking-bot', keyId: 'key-1', tsid: 'ts-1' },
  delegation: [{ iss: 'https://idp.test', sub: 'alice' }],
  action: 'call',
  object: { kind: 'tool', namespace: 'default', name: 'search-flights' },
  decision: 'forbid',
  policy: { version: '17', ids: ['no-nights', 'allow-users'] },
  argumentsDigest: `hs256:0a1b2c3d:${'A'.repeat(43)}`,
  outcome: 'denied',
  error: 'POLICY_DENIED',
  durationMs: 1.25,
  address: '192.0.2.7',
  userAgent: 'bot/1.0 (a|b=c\\d]"e")',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
  certificateSerial: '0f',
  details: { rows: 3 },
} satisfies AuditRecord);

const bare = auditRecord.parse({
  v: 1,
  id: '06gzsa57c6wbmxx97ehj000001',
  writer: '06gzsa576vh5ne4jdqk714pfqr',
  seq: 8,
  time: '2026-11-21T09:30:00.124Z',
  class: 'authentication',
  type: 'sign-in',
  door: 'console',
  actor: { kind: 'user', iss: 'https://idp.test', sub: 'alice', name: 'Alice\r\nCEF:0|fake' },
  action: 'sign-in',
  outcome: 'success',
});

describe('an audit record for others', () => {
  it('is a CEF line with everything in its place and escaped', () => {
    expect(toCef(record, '1.2.3')).toBe(
      String.raw`CEF:0|Chatelaine|Chatelaine|1.2.3|tool.call|tool-call call|7|rt=1795253400123 externalId=06gzsa57c6wbmxx97ehj000000 act=call outcome=denied reason=POLICY_DENIED suid=agent-1 suser=booking-bot sntdom=chatelaine spriv=agent src=192.0.2.7 requestClientApplication=bot/1.0 (a|b\=c\\d]"e") app=mcp cs1Label=object cs1=tool default/search-flights cs2Label=policy cs2=17 no-nights,allow-users cs3Label=argumentsDigest cs3=hs256:0a1b2c3d:${'A'.repeat(43)} cs4Label=requestId cs4=req-1 cs5Label=traceId cs5=4bf92f3577b34da6a3ce929d0e0e4736 cs6Label=delegation cs6=alice@https://idp.test cn1Label=seq cn1=7 cn2Label=durationMs cn2=1.25 deviceExternalId=06gzsa576vh5ne4jdqk714pfqr`,
    );
    expect(toCef(bare, '1.2.3')).toBe(
      String.raw`CEF:0|Chatelaine|Chatelaine|1.2.3|sign-in|authentication sign-in|2|rt=1795253400124 externalId=06gzsa57c6wbmxx97ehj000001 act=sign-in outcome=success suid=alice suser=Alice\nCEF:0|fake sntdom=https://idp.test spriv=user app=console cn1Label=seq cn1=8 deviceExternalId=06gzsa576vh5ne4jdqk714pfqr`,
    );
  });

  it('is a message of RFC 5424 that carries the whole record', () => {
    const message = toSyslog(record, { hostname: 'host.example.com', processId: '42' });
    expect(message.slice(0, message.indexOf('\ufeff'))).toBe(
      String.raw`<108>1 2026-11-21T09:30:00.123Z host.example.com chatelaine 42 tool.call [chatelaine@32473 id="06gzsa57c6wbmxx97ehj000000" writer="06gzsa576vh5ne4jdqk714pfqr" seq="7" outcome="denied" action="call" actor="agent-1" object="default/search-flights" requestId="req-1"] `,
    );
    expect(JSON.parse(message.slice(message.indexOf('\ufeff') + 1))).toEqual(record);
    const hostile = toSyslog(
      { ...bare, type: 'sign in\nnow', actor: { ...bare.actor, sub: 'a"]\\\n<1>1 fake' } },
      { hostname: '', processId: '-' },
    );
    expect(hostile.split(' ').slice(0, 6)).toEqual(['<110>1', bare.time, '-', 'chatelaine', '-', 'sign_in_now']);
    expect(hostile).toContain(String.raw`actor="a\"\]\\ <1>1 fake"`);
    expect(hostile).not.toMatch(/[\r\n]/);
  });

  it('is an OCSF event that loses nothing', () => {
    expect(toOcsf(record)).toEqual({
      activity_id: 99,
      activity_name: 'call',
      category_uid: 6,
      category_name: 'Application Activity',
      class_uid: 6003,
      class_name: 'API Activity',
      type_uid: 600399,
      type_name: 'API Activity: Other',
      time: 1795253400123,
      duration: 1,
      severity_id: 3,
      status_id: 2,
      status: 'Failure',
      status_code: 'POLICY_DENIED',
      action_id: 2,
      metadata: {
        version: '1.3.0',
        product: { name: 'Chatelaine', vendor_name: 'Chatelaine' },
        uid: record.id,
        event_code: 'tool.call',
        sequence: 7,
        log_provider: record.writer,
        correlation_uid: 'req-1',
        trace_uid: record.traceId,
      },
      actor: {
        user: {
          uid: 'agent-1',
          name: 'booking-bot',
          type_id: 99,
          type: 'agent',
          domain: 'chatelaine',
          credential_uid: 'key-1',
        },
        session: { uid: 'ts-1' },
      },
      src_endpoint: { ip: '192.0.2.7' },
      http_request: { user_agent: record.userAgent },
      resources: [{ type: 'tool', namespace: 'default', name: 'search-flights' }],
      policy: { version: '17', uid: 'no-nights,allow-users' },
      unmapped: {
        v: 1,
        door: 'mcp',
        outcome: 'denied',
        decision: 'forbid',
        delegation: record.delegation,
        arguments_digest: record.argumentsDigest,
        policy_ids: ['no-nights', 'allow-users'],
        duration_ms: 1.25,
        certificate_serial: '0f',
        details: { rows: 3 },
      },
    });
    expect(toOcsf(bare)).toMatchObject({ class_uid: 3002, type_uid: 300299, status_id: 1, severity_id: 1 });
    expect(toOcsf(bare)).not.toHaveProperty('src_endpoint');
  });
});

describe('an NDJSON export', () => {
  let lines: readonly string[] = [];
  let installation = '';
  beforeAll(async () => {
    const { directory: root, remove } = suiteScratch();
    const log = await openLogAt(root);
    await fill(log, 12, { userAgent: 'ünï"\\' });
    await log.checkpoint();
    await fill(log, 7);
    await log.close();
    const store = new SegmentStore({ root, clock: systemClock });
    installation = store.installation;
    const written: string[] = [];
    for await (const line of exportNdjson(installation, logStream(store))) written.push(line);
    lines = written;
    await store.close();
    return remove;
  });

  const verify = async (changed: readonly string[]) => {
    const read = await readNdjson(
      (async function* () {
        yield* changed;
      })(),
    );
    if (read.installation !== installation) throw new Error('another installation');
    return verifyLog(read.items, { installation, keys: trusted });
  };

  it('verifies like the log it was made from', async () => {
    expect(await verify(lines)).toEqual({
      ok: true,
      findings: [],
      records: 21,
      checkpoints: 2,
      uncovered: 1,
      retainedFrom: [],
    });
  });

  it('shows any changed character, any missing, repeated or moved line', async () => {
    const kinds = ['change', 'delete', 'repeat', 'cut', 'swap'] as const;
    const step = fc.record({
      kind: fc.constantFrom(...kinds),
      line: fc.nat(),
      other: fc.nat(),
      code: fc.integer({ min: 0x20, max: 0x7e }),
    });
    await fc.assert(
      fc.asyncProperty(step, async ({ kind, line, other, code }) => {
        const changed = [...lines];
        const at = line % lines.length;
        const text = lines[at] as string;
        const place = other % text.length;
        if (kind === 'change') changed[at] = text.slice(0, place) + String.fromCharCode(code) + text.slice(place + 1);
        else if (kind === 'delete') changed.splice(at, 1);
        else if (kind === 'repeat') changed.splice(at, 0, text);
        else if (kind === 'cut') changed.length = at;
        else [changed[at], changed[other % lines.length]] = [lines[other % lines.length] as string, text];
        fc.pre(changed.join('\n') !== lines.join('\n'));
        const found = await verify(changed).then(
          (report) => report.findings.length > 0,
          // What is no export any more is refused with the line that is not.
          (error: unknown) => /line|export|another installation/.test(String(error)),
        );
        expect(found).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('names the record that was changed', async () => {
    const at = lines.findIndex((line) => line.includes('"seq":5,'));
    const changed = lines.with(at, (lines[at] as string).replace('booking-bot', 'hacking-bot'));
    expect((await verify(changed)).findings[0]).toMatchObject({ kind: 'changed', seq: 5 });
    expect(
      (await verify([...lines.slice(0, at), ...lines.slice(at + 1, -1), (lines.at(-1) as string).replace('23', '22')]))
        .findings[0],
    ).toMatchObject({
      kind: 'missing',
      seq: 5,
    });
  });
});
