import { recordedChange, type IntendedChange } from '#audit';
import { EVERYWHERE, type AuditOrigin, type AuditTrail, type Principal } from '#contract';
import type { Database, DatabaseOrTransaction } from '#db';
import { didYouMean, newId, type ChatelaineError, type Clock } from '#kernel';
import { policyError } from '../errors.ts';
import { loadCedar } from '../language/cedar.ts';
import { readRules, type Rule } from '../language/rule.ts';
import { headsOf, isAboutResource, type ScopedEntity } from '../language/scope.ts';
import type { ValidatedTool } from '../language/validate.ts';
import {
  appendVersion,
  findPolicy,
  findVersion,
  insertPolicy,
  listPolicies,
  listVersions,
  type NewVersion,
} from '../store/policies-store.ts';
import { checkPolicy, REFUSED, type CheckedPolicy } from './check.ts';
import { factsOf, near, type PolicyDraft } from './draft.ts';
import type { PoliciesInForce } from './policies-in-force.ts';
import {
  digestOf,
  isInForce,
  policyId,
  sourceOf,
  type DeclaredPolicy,
  type KeptPolicy,
  type PolicyFacts,
  type PolicyName,
  type PolicyVersion,
} from './policy.ts';
import { Slices } from './slices.ts';

/** Who changes a policy, and why. */
export interface PolicyAuthor {
  readonly principal: Principal;
  readonly origin: AuditOrigin;
  readonly reason: string;
}

/** A policy of the list: made here, or of a document. */
export type ListedPolicy = PolicyName &
  PolicyFacts &
  (
    | ({ readonly origin: 'kept' } & Pick<KeptPolicy, 'version' | 'reason' | 'author' | 'at' | 'createdAt'>)
    | { readonly origin: 'declared' }
  );

/** Throws where the policy is not the one that is meant; undefined where there is none. */
export type CheckState = (current: ListedPolicy | undefined) => void;

export interface PolicyDirectoryParts {
  readonly database: Pick<Database, 'db' | 'transaction'>;
  readonly trail: AuditTrail;
  readonly inForce: PoliciesInForce;
  readonly declared: () => readonly DeclaredPolicy[];
  /** The tools that there are now; undefined where no toolbox is open. */
  readonly tools: () => readonly ValidatedTool[] | undefined;
  /** Groups of our own, as policies call them. */
  readonly groups: () => Promise<readonly string[]>;
  readonly clock: Clock;
}

/** Policies as objects: found, changed with a reason, and brought back as they were. */
export class PolicyDirectory {
  readonly #parts: PolicyDirectoryParts;

  constructor(parts: PolicyDirectoryParts) {
    this.#parts = parts;
  }

  /** By namespace and name, of these namespaces or of all. */
  async list(namespaces: readonly string[] | 'all'): Promise<readonly ListedPolicy[]> {
    const wanted = namespaces === 'all' ? undefined : namespaces;
    const declared = this.#parts.declared().filter(({ namespace }) => wanted?.includes(namespace) ?? true);
    const names = new Set(declared.map(policyId));
    const kept = await listPolicies(this.#parts.database.db, wanted);
    return [
      ...declared.map((policy) => ({ ...policy, origin: 'declared' as const })),
      ...kept.filter((policy) => !policy.deleted && !names.has(policyId(policy))).map(listed),
    ].toSorted((one, other) => (policyId(one) < policyId(other) ? -1 : 1));
  }

  /** Throws `POLICY_UNKNOWN`. */
  async find(name: PolicyName): Promise<ListedPolicy> {
    const declared = this.#declared(name);
    if (declared !== undefined) return { ...declared, origin: 'declared' };
    const kept = await findPolicy(this.#parts.database.db, name);
    if (kept !== undefined && !kept.deleted) return listed(kept);
    const names = (await this.list([name.namespace])).map((policy) => policy.name);
    throw unknownPolicy(name, didYouMean(name.name, names));
  }

  /** Throws `POLICY_NAME_TAKEN`, `POLICY_DECLARED` and `POLICY_INVALID`. */
  async create(name: PolicyName, draft: PolicyDraft, by: PolicyAuthor): Promise<ListedPolicy> {
    this.#mayWrite(name);
    const facts = await this.#checked(name, draft);
    return await this.#recorded('create', name, by, async (trx) => {
      const current = await findPolicy(trx, name);
      if (current !== undefined && !current.deleted)
        throw policyError('POLICY_NAME_TAKEN', `there is a policy \`${policyId(name)}\``);
      return await this.#write(trx, name, current, { ...facts, deleted: false }, by);
    });
  }

  /** Throws as `create` does, and `POLICY_UNKNOWN`; whatever `check` throws. */
  async change(name: PolicyName, draft: PolicyDraft, by: PolicyAuthor, check: CheckState): Promise<ListedPolicy> {
    this.#mayWrite(name);
    const facts = await this.#checked(name, draft);
    return await this.#recorded('change', name, by, async (trx) => {
      const current = await this.#current(trx, name, check);
      return await this.#write(trx, name, current, { ...facts, deleted: false }, by);
    });
  }

  /** Its versions stay. Throws `POLICY_UNKNOWN`, `POLICY_DECLARED`, and whatever `check` throws. */
  async delete(
    name: PolicyName,
    by: PolicyAuthor,
    check: CheckState,
    also: (trx: DatabaseOrTransaction) => Promise<void> = async () => {},
  ): Promise<void> {
    this.#mayWrite(name);
    await this.#recorded('delete', name, by, async (trx) => {
      const current = await this.#current(trx, name, check);
      await also(trx);
      return await this.#write(trx, name, current, { ...current, deleted: true }, by);
    });
  }

  /** Newest first; also of a policy that was deleted. Throws `POLICY_UNKNOWN`. */
  async versions(
    name: PolicyName,
    page: { readonly before: number | undefined; readonly limit: number },
  ): Promise<readonly PolicyVersion[]> {
    const { id } = await this.#known(this.#parts.database.db, name);
    return await listVersions(this.#parts.database.db, id, page);
  }

  /** Throws `POLICY_UNKNOWN` and `POLICY_VERSION_UNKNOWN`. */
  async version(name: PolicyName, version: number): Promise<PolicyVersion> {
    const { id } = await this.#known(this.#parts.database.db, name);
    const found = await findVersion(this.#parts.database.db, id, version);
    if (found === undefined) throw unknownVersion(name, version);
    return found;
  }

  /**
   * Says again what a version said, as a new one, also after a deletion. It is checked like any other: tools may
   * have changed meanwhile. Throws as `version` and `create` do.
   */
  async restore(name: PolicyName, version: number, by: PolicyAuthor): Promise<ListedPolicy> {
    this.#mayWrite(name);
    const { deleted, ...before } = await this.version(name, version);
    if (deleted) throw unknownVersion(name, version);
    const { priority, description, cedar, shadow, enabled } = before;
    const facts = await this.#checked(name, { priority, description, cedar, shadow, enabled });
    return await this.#recorded('restore', name, by, async (trx) => {
      const current = await this.#known(trx, name);
      return await this.#write(trx, name, current, { ...facts, deleted: false }, by);
    });
  }

  /** What keeping it would say, without keeping it. */
  async validate(
    name: PolicyName,
    draft: PolicyDraft,
  ): Promise<CheckedPolicy & { readonly facts: PolicyFacts | undefined }> {
    const tools = this.#parts.tools();
    const facts = factsOf(draft, name, near(tools ?? [], name.namespace));
    if (!facts.ok) return { facts: undefined, ...REFUSED, problems: [{ message: facts.error }] };
    const { namespace } = name;
    const id = policyId(name);
    const [cedar, set, groups] = await Promise.all([loadCedar(), this.#parts.inForce.current(), this.#parts.groups()]);
    const checked = checkPolicy(cedar, sourceOf({ ...name, ...facts.value }), {
      tools: tools && near(tools, namespace),
      groups: groups.filter(
        (group) => namespace === EVERYWHERE || group.startsWith(`${namespace}/`) || group.startsWith(`${EVERYWHERE}/`),
      ),
      others: set.rules.filter(({ policy }) => policy.id !== id && isNear(policy.namespace, namespace)),
      now: this.#parts.clock.now(),
    });
    return { ...checked, facts: facts.value };
  }

  /** Policies that permit something and name a person or an agent, with all whom they name. */
  async naming(): Promise<readonly (ListedPolicy & { readonly names: readonly Named[] })[]> {
    const cedar = await loadCedar();
    const found: (ListedPolicy & { readonly names: readonly Named[] })[] = [];
    const slices = new Slices();
    for (const policy of await this.list('all')) {
      await slices.next();
      const names = namedIn(rulesOf(readRules(cedar, sourceOf(policy))));
      if (names.length > 0) found.push({ ...policy, names });
    }
    return found;
  }

  /** Policies that can be about a tool, whoever calls it, with their rules that can. */
  async about({
    namespace,
    name,
  }: PolicyName): Promise<readonly (ListedPolicy & { readonly rules: readonly Rule[] })[]> {
    const id = `${namespace}/${name}`;
    const known = this.#parts.tools()?.find(({ entity }) => entity.id === id);
    const entity: ScopedEntity = known?.entity ?? {
      ...{ type: 'Tool', id, ancestors: new Set([`Namespace::${JSON.stringify(namespace)}`]) },
    };
    const [cedar, set] = await Promise.all([loadCedar(), this.#parts.inForce.current()]);
    const inForce = Map.groupBy(set.rules, ({ policy }) => policy.id);
    const found: (ListedPolicy & { readonly rules: readonly Rule[] })[] = [];
    const slices = new Slices();
    for (const policy of await this.list([EVERYWHERE, namespace])) {
      await slices.next();
      const rules = isInForce(policy)
        ? (inForce.get(policyId(policy)) ?? [])
        : rulesOf(readRules(cedar, sourceOf(policy)));
      const about = rules.filter((rule) => isAboutResource(rule, entity, namespace));
      if (about.length > 0) found.push({ ...policy, rules: about });
    }
    return found;
  }

  #declared(name: PolicyName): DeclaredPolicy | undefined {
    const id = policyId(name);
    return this.#parts.declared().find((policy) => policyId(policy) === id);
  }

  #mayWrite(name: PolicyName): void {
    if (this.#declared(name) === undefined) return;
    throw policyError('POLICY_DECLARED', `the policy \`${policyId(name)}\` is declared in a file`);
  }

  async #checked(name: PolicyName, draft: PolicyDraft): Promise<PolicyFacts> {
    const { problems, facts } = await this.validate(name, draft);
    if (problems.length === 0 && facts !== undefined) return facts;
    const said = problems.map(({ message, line, column }) =>
      line === undefined ? message : `line ${line}, column ${column}: ${message}`,
    );
    throw policyError('POLICY_INVALID', `the policy \`${policyId(name)}\`: ${said.join('; ')}`, {
      details: { violations: said.map((detail) => ({ in: 'body', pointer: '#/cedar', detail })) },
    });
  }

  /** The policy of that name, deleted ones included. */
  async #known(db: DatabaseOrTransaction, name: PolicyName): Promise<KeptPolicy> {
    const kept = await findPolicy(db, name);
    if (kept === undefined) throw unknownPolicy(name);
    return kept;
  }

  async #current(trx: DatabaseOrTransaction, name: PolicyName, check: CheckState): Promise<KeptPolicy> {
    const current = await findPolicy(trx, name);
    const there = current !== undefined && !current.deleted;
    check(there ? listed(current) : undefined);
    if (!there) throw unknownPolicy(name);
    return current;
  }

  async #write(
    trx: DatabaseOrTransaction,
    name: PolicyName,
    current: KeptPolicy | undefined,
    facts: PolicyFacts & Pick<NewVersion, 'deleted'>,
    by: PolicyAuthor,
  ): Promise<Written> {
    const at = this.#parts.clock.now();
    const { priority, description, cedar, shadow, enabled, deleted } = facts;
    const version = (current?.version ?? 0) + 1;
    const next: NewVersion = {
      ...{ version, priority, description, cedar, shadow, enabled, deleted },
      ...{ reason: by.reason, author: authorOf(by.principal), at },
    };
    const id = current?.id ?? newId(at);
    if (current === undefined) await insertPolicy(trx, { id, ...name, ...next });
    // The transaction is alone with what it read, so that nobody comes in between.
    else if (!(await appendVersion(trx, id, next))) throw new Error('a policy changed within a transaction');
    const before = current === undefined || current.deleted ? undefined : digestOf(current);
    return { policy: { id, ...name, ...next, createdAt: current?.createdAt ?? at }, before };
  }

  async #recorded(
    action: 'create' | 'change' | 'delete' | 'restore',
    name: PolicyName,
    by: PolicyAuthor,
    work: (trx: DatabaseOrTransaction) => Promise<Written>,
  ): Promise<ListedPolicy> {
    const change: IntendedChange = {
      ...{ type: `policy.${action}`, action, object: { kind: 'policy', ...name } },
      ...(by.reason !== '' && { details: { reason: by.reason } }),
    };
    return await recordedChange(this.#parts.trail, by.origin, change, async () => {
      try {
        const { policy, before } = await this.#parts.database.transaction(work);
        return {
          value: listed(policy),
          objectId: policy.id,
          details: {
            version: policy.version,
            ...(!policy.deleted && { digest: digestOf(policy) }),
            ...(before !== undefined && { before }),
          },
        };
      } finally {
        // Also after a failure: a commit whose reply was lost may have happened.
        this.#parts.inForce.changed();
      }
    });
  }
}

interface Written {
  readonly policy: KeptPolicy;
  /** Digest of what it said before. */
  readonly before: string | undefined;
}

/** Somebody whom a policy names, and whether it says anything of anybody else. */
export interface Named {
  readonly type: 'User' | 'Agent';
  readonly id: string;
  readonly alone: boolean;
}

function namedIn(rules: readonly Rule[]): readonly Named[] {
  const named = new Map<string, { readonly type: 'User' | 'Agent'; readonly id: string }>();
  let others = false;
  for (const { effect, json } of rules) {
    const uids = effect === 'permit' ? headsOf(json).principal.uids : undefined;
    others ||= uids === undefined;
    for (const { type, id } of uids ?? []) {
      if (type === 'User' || type === 'Agent') named.set(`${type} ${id}`, { type, id });
      else others = true;
    }
  }
  return [...named.values()].map((one) => ({ ...one, alone: !others && named.size === 1 }));
}

function listed(kept: KeptPolicy): ListedPolicy {
  const { id: _, deleted: __, ...policy } = kept;
  return { ...policy, origin: 'kept' };
}

const isNear = (one: string, other: string): boolean => one === EVERYWHERE || other === EVERYWHERE || one === other;

const rulesOf = (read: ReturnType<typeof readRules>): readonly Rule[] => (read.ok ? read.value : []);

const authorOf = ({ iss, sub }: Principal): string => (iss === 'chatelaine' ? sub : `${iss}#${sub}`);

const unknownVersion = (name: PolicyName, version: number): ChatelaineError =>
  policyError('POLICY_VERSION_UNKNOWN', `the policy \`${policyId(name)}\` has no version ${version} to go back to`);

export const unknownPolicy = (name: PolicyName, hint = ''): ChatelaineError =>
  policyError('POLICY_UNKNOWN', `there is no policy \`${policyId(name)}\`${hint}`);
