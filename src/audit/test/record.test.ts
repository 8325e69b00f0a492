import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AUDIT_CLASSES, AUDIT_DOORS, AUDIT_OUTCOMES, auditRecord, type AuditEvent } from '#contract';
import { buildRecord, type UnplacedRecord } from '../record/build-record.ts';
import { canonicalJson } from '../record/canonical-json.ts';
import { KeyedDigest } from '../record/digest.ts';
import { encodeRecord } from '../record/encode-record.ts';
import { sealPersonal, splitPersonal } from '../people/personal.ts';
import type { SubjectSealer } from '../people/subject-sealer.ts';
import { RecordIds, timeOfId } from '../record/record-ids.ts';
import { event } from './audit.fixture.ts';

const place = { id: '0'.repeat(26), writer: '1'.repeat(26), time: '2026-11-21T09:30:00.000Z' };

// Anything at all, also what is no Unicode: names come from token issuers, user agents from anybody.
const text = fc.oneof(
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)), minLength: 1 }),
  fc.constantFrom('\r\nfake', '{"v":1}', '\u001b[31mred', '\u2028\u2029\u0085', '__proto__', 'x'.repeat(1024 * 1024)),
);
const optional = fc.option(text, { nil: undefined });

const anyEvent: fc.Arbitrary<AuditEvent> = fc.record({
  class: fc.constantFrom(...AUDIT_CLASSES),
  type: text,
  door: fc.constantFrom(...AUDIT_DOORS),
  requestId: optional,
  actor: fc.record({
    kind: fc.constant('agent' as const),
    iss: text,
    sub: text,
    name: text,
    keyId: optional,
    tsid: optional,
  }),
  delegation: fc.option(fc.array(fc.record({ iss: text, sub: text }), { maxLength: 20 }), { nil: undefined }),
  action: text,
  object: fc.option(fc.record({ kind: text, namespace: text, name: text, id: optional }), { nil: undefined }),
  policy: fc.option(fc.record({ version: text, ids: fc.array(text, { maxLength: 20 }) }), { nil: undefined }),
  outcome: fc.constantFrom(...AUDIT_OUTCOMES),
  error: optional,
  durationMs: fc.option(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), { nil: undefined }),
  address: optional,
  userAgent: optional,
  details: fc.option(
    fc.dictionary(text, fc.oneof(text, fc.boolean(), fc.array(text, { maxLength: 40 })), { maxKeys: 30 }),
    {
      nil: undefined,
    },
  ),
});

describe('a record', () => {
  it('VLT-013: is one bounded line of valid JSON, whatever its texts hold', () => {
    fc.assert(
      fc.property(anyEvent, (made) => {
        const record = buildRecord(made, place);
        const { beforeSeq, afterSeq } = encodeRecord(record);
        const line = `${beforeSeq}42${afterSeq}`;
        expect(line).not.toMatch(/[\p{Cc}\u2028\u2029]/u);
        expect(Buffer.byteLength(line)).toBeLessThan(128 * 1024);
        expect(line).toBe(canonicalJson({ ...record, seq: 42 }));
        expect(auditRecord.parse(JSON.parse(line))).toEqual(JSON.parse(line));
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['a person, whose facts are sealed', { kind: 'user' }, { personal: { facts: '{"door":"mcp"}' } }],
    ['a person and another', { kind: 'user' }, { object: { kind: 'user', namespace: 'a', name: 'b', id: 'c' } }],
    ['an agent, with facts', { kind: 'agent' }, { details: { facts: '{"door":"mcp"}' } }],
    ['an agent, with more details', { kind: 'agent' }, { details: { b: 'é"', a: 1.5 } }],
  ])('is canonical as it is encoded: of %s', (_, actor, over) => {
    const sealer: SubjectSealer = {
      seal: (subject: string) => ({ sealed: `a1.${subject}` }),
      open: () => Promise.reject(new Error()),
    };
    const given: object = { requestId: 'r', traceId: 't', durationMs: 0.5, userAgent: 'u', ...over };
    const made = event(given);
    const built = buildRecord({ ...made, actor: { ...made.actor, ...actor } as AuditEvent['actor'] }, place);
    const sealed = sealPersonal(splitPersonal(built, String), sealer) as UnplacedRecord;
    expect(sealed.sealed !== undefined).toBe(actor.kind === 'user');
    const { beforeSeq, afterSeq } = encodeRecord(sealed);
    expect(`${beforeSeq}42${afterSeq}`).toBe(canonicalJson({ ...sealed, seq: 42 }));
  });

  it('says that something was cut, and where', () => {
    const record = buildRecord(event({ userAgent: 'a'.repeat(5000), requestId: 'r\u2028s' }), place);
    expect(record).toMatchObject({ cut: 2, userAgent: `${'a'.repeat(255)}…`, requestId: 'r\ufffds' });
    expect(buildRecord(event(), place)).not.toHaveProperty('cut');
  });

  it('keeps no reference to the event: changing it later changes nothing', () => {
    const details = { tool: 'before' };
    const encoded = encodeRecord(buildRecord(event({ details }), place));
    details.tool = 'after';
    expect(encoded.beforeSeq).toContain('before');
  });

  it('has an id that sorts by age and tells its time', () => {
    const ids = new RecordIds();
    const made = [1_000, 1_000, 1_000, 1_001, 1_700_000_000_000].map((ms) => ids.next(ms));
    expect(made.toSorted()).toEqual(made);
    expect(new Set(made).size).toBe(5);
    expect(made.map(timeOfId)).toEqual([1_000, 1_000, 1_000, 1_001, 1_700_000_000_000]);
    expect(timeOfId('not an id')).toBeUndefined();
  });
});

describe('a keyed digest', () => {
  const one = new KeyedDigest(Buffer.alloc(32, 1));
  const other = new KeyedDigest(Buffer.alloc(32, 2));

  it('is the same for equal values and another one under another key', () => {
    expect(one.of({ a: 1, b: ['x'] })).toBe(one.of({ b: ['x'], a: 1 }));
    expect(one.of({ a: 1 })).not.toBe(other.of({ a: 1 }));
    expect(one.of({ a: 1 })).toMatch(/^hs256:[0-9a-f]{8}:[\w-]{43}$/);
  });

  it('is the HMAC-SHA-256 (RFC 2104) of the canonical text, whatever its length and what came before', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.array(fc.tuple(fc.string({ unit: 'binary', maxLength: 40 }), fc.nat({ max: 3000 })), { maxLength: 4 }),
        (key, texts) => {
          const digest = new KeyedDigest(key);
          for (const [text, times] of texts) {
            const value = text.repeat(times);
            const canonical = canonicalJson(value, { loneSurrogates: 'escape' });
            const expected = createHmac('sha256', key).update(canonical).digest('base64url');
            expect(digest.of(value).split(':')[2]).toBe(expected);
          }
        },
      ),
    );
  });

  it('tells all values apart, types and lone surrogates included', () => {
    const values = [
      1,
      '1',
      true,
      'true',
      null,
      'null',
      [],
      {},
      [[]],
      { a: 1 },
      { a: '1' },
      '\ud800',
      '\ud801',
      '\ufffd',
    ];
    expect(new Set(values.map((value) => one.of(value))).size).toBe(values.length);
  });
});
