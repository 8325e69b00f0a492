import { createHmac } from 'node:crypto';
import { loadAuditRoutes, readStandings, type Deliveries } from '#audit';
import type { OAuthClientDeclaration, ProtectedServer, ServerSettings, UpstreamDeclaration } from '#contract';
import { createApi, readCursorKey, type Api } from '#http';
import { loadIdentityRoutes, PERMISSIONS, refuseBy, type Action } from '#identity';
import type { Clock, Logger } from '#kernel';
import type { DeclaredPolicy, ValidatedTool } from '#policy';
import {
  loadAccess,
  loadAccessRoutes,
  loadApprovalRoutes,
  loadCredentialRoutes,
  loadCredentials,
  loadLimits,
  loadRegistryRoutes,
  loadReviews,
  loadToolSearchRoutes,
  loadUsage,
  type FindTools,
  type VendableTools,
} from '#registry';
import type { ToolboxSnapshot } from '#toolbox';
import { loadVaultRoutes } from '#vault';
import type { Endings } from '../endings.ts';
import { lateApprovals, type LateApprovals } from './approvals.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { reviewsParts } from './access-reviews.ts';
import { accessSource } from './access-source.ts';
import { incidentApi } from './incident-api.ts';
import type { LateCredentials } from './late-credentials.ts';
import { NO_VERIFIER } from './no-verifier.ts';
import type { Services } from './open-services.ts';
import { policyApi } from './policy-api.ts';
import { toolSecrets } from './tool-secrets.ts';

/** As the table of permissions has it. */
export const takesRecentProof = (action: Action): boolean => PERMISSIONS[action].dangerous === true;

/** On a data directory nobody has read what tools there are, and no token is verified. */
const NO_TOOLS: VendableTools = { find: () => undefined, toolsetsOf: () => [] };

/** The REST API over the services: the routes of every module, in the frame. */
export async function openApi(
  services: Services,
  options: {
    readonly version: string;
    readonly dataDir: string;
    readonly settings: Pick<ServerSettings, 'audit' | 'approvals' | 'registry' | 'database'>;
    /** To be called when something was contained through this API, in a process that serves. */
    readonly contained?: (() => Promise<void>) | undefined;
    /** What carries the log to its receivers, where this process does. */
    readonly deliveries?: Pick<Deliveries, 'status'> | undefined;
    /** A secret of this data directory; where the installation has no key of cursors, that is made from it. */
    readonly secret: Buffer;
    /** Credentials for one tool; undefined where this process issues no tokens. */
    readonly credentials?: LateCredentials | undefined;
    /** The tools that credentials are for; none where nobody has read them. */
    readonly vendable?: VendableTools;
    /** The `kind: client` and `kind: upstream` documents of now; none where nobody has read them. */
    readonly declared?: {
      readonly clients: () => readonly OAuthClientDeclaration[];
      readonly upstreams: () => readonly UpstreamDeclaration[];
      readonly policies: () => readonly DeclaredPolicy[];
      /** MCP servers that have an authorization server of their own. */
      readonly protectedServers?: () => readonly ProtectedServer[];
    };
    /** The registry of tools, where tools run; else what is registered is known, and nothing that files say. */
    readonly registry?: Parameters<typeof loadRegistryRoutes>[0] | undefined;
    /** Where tools are served. */
    readonly findTools?: FindTools;
    /** Those that calls of this process claim; where it serves none, one looks at them and approves nothing. */
    readonly approvals?: LateApprovals;
    /** The tools that there are now; none where no toolbox is open. */
    readonly tools?: () => readonly ValidatedTool[];
    /** The tools that are served; none where nobody has read them. */
    readonly snapshot?: (() => ToolboxSnapshot) | undefined;
    readonly endings: Endings;
    readonly clock: Clock;
    readonly log: Logger;
  },
): Promise<Api> {
  const { database, audit, vault, identity, users, policies, limits, watch, signIn, signing } = services;
  const { version, dataDir, settings, deliveries, secret, endings, clock, log } = options;
  // Whoever is disabled or erased through here is so for signing in as well.
  const recovery = signIn();
  const { sessions } = recovery;
  const access = accessSource({ identity, secrets: vault.secrets, audit, clock });
  const approvals =
    options.approvals ??
    lateApprovals({
      ...{ services: { database, identity, vault }, settings: settings.approvals, mayApprove: () => false },
      publicUrl: () => recovery.publicUrl,
    });
  const { Grants, loadAuthorizationRoutes, loadSigningKeyRoutes, RegisteredClients, Upstreams, withBuiltIn } =
    await import('#authserver');
  const declared: NonNullable<typeof options.declared> = options.declared ?? {
    clients: () => [],
    upstreams: () => [],
    policies: () => [],
  };
  const [{ AccessRequests }, { Credentials }] = await Promise.all([loadAccess(), loadCredentials()]);
  const opened = await options.credentials?.open();
  const credentials = opened?.credentials ?? new Credentials({ frame: identity.frame, verifier: NO_VERIFIER });
  const upstreams = new Upstreams({
    declared: declared.upstreams,
    secrets: toolSecrets(vault.reader, audit),
    clock,
    servers: {
      declared: declared.protectedServers ?? (() => []),
      clients: new RegisteredClients({ database, envelope: vault.envelope, clock }),
      publicUrl: recovery.publicUrl,
    },
  });
  endings.add('identity providers of the API', () => upstreams.close());
  const ofPolicies = await policyApi(services, {
    ...{ declared: declared.policies, tools: options.tools, snapshot: options.snapshot, clock },
  });
  const registry =
    options.registry ?? (await (await openRegistry({ database, identity, policies, settings })).services());
  const grants = new Grants({ frame: identity.frame, envelope: vault.envelope, upstreams });
  const { Campaigns, reviewRoutes } = await loadReviews();
  const reviews = { services: { database, identity, users }, credentials, policies: ofPolicies.directory, clock };
  const campaigns = new Campaigns(await reviewsParts(reviews));
  const routes = await Promise.all([
    loadIdentityRoutes({ identity, users, sessions, recovery, audit, clock }),
    loadVaultRoutes({ vault, trail: audit, erasing: (subject) => watch.forget([subject]) }),
    loadLimits().then(({ limitRoutes }) => limitRoutes(async () => (await limits.opened()).directory)),
    loadToolSearchRoutes(options.findTools),
    loadSigningKeyRoutes({ ...(await signing()), now: () => clock.now() }),
    loadAuthorizationRoutes({
      ...{ users, frame: identity.frame },
      declared: withBuiltIn(declared.clients, recovery.publicUrl),
      grants,
    }),
    loadApprovalRoutes(await approvals(), users),
    ofPolicies.routes(),
    loadCredentialRoutes({
      ...{ credentials, vending: opened?.vending, agents: identity.agents, clock },
    }),
    loadAccessRoutes({
      clock,
      requests: new AccessRequests({
        ...{ frame: identity.frame, tools: options.vendable ?? NO_TOOLS, agents: identity.agents },
        policies: ofPolicies.maker,
      }),
    }),
    loadRegistryRoutes({ ...registry, usage: (await loadUsage()).usedTools({ database, clock }) }),
    loadAuditRoutes(audit, {
      ...{ access, scratch: dataDir, clock },
      deliveries: () => deliveries?.status() ?? readStandings(audit.store, settings.audit),
    }),
    incidentApi(services, {
      endGrants: async (userId, origin) => await grants.revoke({ userId }, origin),
      endCredentials: async (meant, origin) => await credentials.revokeAll({ origin }, meant),
      here: options.contained,
      severalHosts: settings.database.type === 'postgres',
      clock,
    }),
  ]);
  return createApi([...routes.flat(), ...reviewRoutes({ campaigns, users, clock })], {
    database,
    trail: audit,
    refuse: refuseBy(identity.check, clock),
    cursorKey: () =>
      readCursorKey(database, vault.envelope, () => createHmac('sha256', secret).update('api cursors').digest()),
    takesRecentProof,
    version,
    clock,
    log,
  });
}
