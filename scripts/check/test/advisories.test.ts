import { expect, test } from 'vitest';
import { judgeAudit } from '../advisories.ts';

const report = (severity: string): string =>
  JSON.stringify({
    auditReportVersion: 2,
    vulnerabilities: {
      leaky: {
        name: 'leaky',
        severity,
        range: '<2.0.0',
        via: [{ title: 'Leaks', url: 'https://example.org/1', severity }, 'deeper'],
      },
    },
    metadata: {},
  });

test.each([
  ['critical', 'failed'],
  ['high', 'failed'],
  ['moderate', 'passed'],
  ['low', 'passed'],
])('an advisory of severity %s: %s', (severity, outcome) => {
  expect(judgeAudit(report(severity)).outcome).toBe(outcome);
});

test('a grave advisory names package, range and reason', () => {
  expect(judgeAudit(report('high')).findings).toEqual([
    'leaky <2.0.0: high; Leaks https://example.org/1; through deeper; update it or the package that brings it',
  ]);
});

test.each([
  ['a registry that refuses', '{"message":"405 Method Not Allowed","statusCode":405}', '405 Method Not Allowed'],
  ['a machine without a network', '{"error":{"code":"ENOTFOUND","summary":"no such host"}}', 'no such host'],
  ['an npm that says nothing', '', 'no answer'],
  ['a report whose severities are unknown', report('dreadful'), 'no answer'],
])('%s leaves the question open and says so', (_, output, reason) => {
  expect(judgeAudit(output)).toMatchObject({ outcome: 'unverified', summary: expect.stringContaining(reason) });
});
