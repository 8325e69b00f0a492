/** Policies over a real database, as one process has them; with the place of another it is the second process. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openAuditLog, type AuditLog } from '#audit';
import { silentLogger, systemClock, type Logger } from '#kernel';
import { type Database } from '#db';
import { PoliciesInForce, toolEntity, type DeclaredPolicy, type ValidatedTool } from '#policy';
import type { PolicyDraft } from '../policies/draft.ts';
import { PolicyDirectory } from '../policies/policy-directory.ts';
import { emptyPlace, type TestDialect, type TestPlace, openRunning } from '../../../test/databases.ts';
import { person } from './generated.fixture.ts';
import { PAY, requestWith } from './policies.fixture.ts';

export interface PolicyProcess {
  readonly where: TestPlace;
  readonly database: Database;
  readonly audit: AuditLog;
  readonly inForce: PoliciesInForce;
  readonly policies: PolicyDirectory;
  /** Documents that are read from now on. */
  declare(...policies: readonly DeclaredPolicy[]): void;
  /** Whether alice may pay now. */
  mayPay(): Promise<boolean>;
}

export const TOOLS: readonly ValidatedTool[] = [
  {
    entity: toolEntity(PAY),
    namespace: 'one',
    arguments: { amount: { type: 'float' }, city: { type: 'string' }, count: { type: 'integer' } },
  },
];

export const by = (reason = '') => ({
  principal: person('ann', []),
  origin: { door: 'cli', actor: { kind: 'user', iss: 'chatelaine', sub: 'ann', name: 'ann' } } as const,
  reason,
});

export const draft = (cedar: string, more: Partial<PolicyDraft> = {}): PolicyDraft => ({
  ...{ priority: 0, description: '', cedar, shadow: false, enabled: true },
  ...more,
});

export const PERMIT = 'permit (principal, action, resource);';
export const FORBID = 'forbid (principal, action, resource);';

export async function startPolicies(
  dialect: TestDialect,
  beside?: PolicyProcess,
  log: Logger = silentLogger,
): Promise<PolicyProcess> {
  const where = beside?.where ?? (await emptyPlace(dialect));
  const database = await openRunning(where, systemClock);
  const root = mkdtempSync(join(tmpdir(), 'chatelaine-test-'));
  const audit = await openAuditLog({ root, clock: systemClock, logger: silentLogger });
  onTestFinished(async () => {
    await audit.close();
    rmSync(root, { recursive: true, force: true });
  });
  let documents: readonly DeclaredPolicy[] = [];
  const declared = () => documents;
  const inForce = new PoliciesInForce({ database, declared, clock: systemClock, log });
  const groups = async () => ['one/desk'];
  const tools = () => TOOLS;
  const policies = new PolicyDirectory({
    database,
    trail: audit,
    inForce,
    declared,
    tools,
    groups,
    clock: systemClock,
  });
  return {
    ...{ where, database, audit, inForce, policies },
    declare: (...all) => void (documents = all),
    mayPay: async () => (await inForce.current()).decide(requestWith({ now: Date.now() })).allowed,
  };
}
