/**
 * The modules of `src/`, lowest first, and what each may import. The order is the architecture:
 * imports point up this list only. A new module takes its place here before its first file.
 */
export interface ModulePlace {
  readonly name: string;
  /** The modules below that it may enter, each through its door `#name`. */
  readonly mayImport: readonly string[];
  /** Why the list is what it is, for the message of who runs into it. */
  readonly because: string;
}

const place = (name: string, mayImport: string, because: string): ModulePlace => ({
  name,
  mayImport: mayImport.split(' ').filter((word) => word !== ''),
  because,
});

export const MODULES: readonly ModulePlace[] = [
  place('kernel', '', 'the kernel is what every module stands on'),
  place('contract', 'kernel', 'the contract is what modules and wires share, and decides nothing'),
  place('db', 'kernel contract', 'the database knows tables, not what they mean'),
  place('tls', 'kernel contract', 'certificates and the names in them are a matter of files and bytes'),
  place('egress', 'kernel', 'what leaves the machine is judged by its address, whoever sends it'),
  place(
    'token-exchange',
    'kernel contract tls egress',
    'it asks the authorization server from beside it, and knows nothing of how that decides',
  ),
  place('http', 'kernel contract db', 'the frame of routes knows none of them'),
  place('audit', 'kernel contract db tls http', 'the record must not depend on what it records'),
  place('vault', 'kernel contract db tls http audit', 'the vault records its uses and knows no caller'),
  place('policy', 'kernel contract db http audit', 'a decision is made from the contract alone'),
  place('identity', 'kernel contract db tls http audit vault', 'identity says who is calling, not what is called'),
  place(
    'resource-server',
    'kernel contract db egress identity',
    'whose tokens open a door is decided from the token, the configuration and who there is',
  ),
  place(
    'authserver',
    'kernel contract db tls egress token-exchange http audit vault policy identity resource-server',
    'authserver and registry are siblings; the gateway composes them',
  ),
  place(
    'registry',
    'kernel contract db tls http audit vault policy identity',
    'registry and authserver are siblings; the gateway composes them',
  ),
  place(
    'backup',
    'kernel contract db tls http audit vault identity',
    'a backup knows what must not come back, and nothing of tools',
  ),
  place(
    'outgoing-auth',
    'kernel contract tls egress',
    "how a request to others is authorized depends on its destination and on what may be fetched in a caller's name",
  ),
  place('toolbox', 'kernel contract egress outgoing-auth', 'the toolbox runs tools and knows nothing of callers'),
  place(
    'servers',
    'kernel contract tls egress outgoing-auth toolbox',
    'MCP servers behind us are one more origin of tools: their calls are decided in the gateway',
  ),
  place(
    'gateway',
    'kernel contract db tls egress http audit vault policy identity resource-server authserver registry toolbox servers',
    'the gateway owns the pipeline; those above it are doors and hands',
  ),
  place(
    'proxy',
    'kernel contract',
    'what the options of a proxy mean is said in documents; the pipeline is that of the server which reads them',
  ),
  place(
    'doctor',
    'kernel contract db tls audit vault policy identity backup',
    'the doctor looks at everything that is kept, and changes nothing',
  ),
  place(
    'operator',
    'kernel contract tls proxy',
    'the operator speaks to servers through the contract, and a proxy is the same wherever it runs',
  ),
  place(
    'cli',
    'kernel contract db tls http audit vault policy identity backup authserver registry toolbox gateway doctor',
    'the command line works on a data directory, and a restore ends what each module ends; wiring is the business of main',
  ),
  place(
    'main',
    'kernel contract db tls egress token-exchange http audit vault policy identity backup resource-server authserver registry outgoing-auth toolbox servers gateway proxy doctor operator cli',
    'main is the only place of wiring, and nobody imports it',
  ),
];

/** Packages that only these folders may import; the message says what to do instead. */
export const CONFINED_PACKAGES: readonly {
  readonly packages: readonly string[];
  readonly folders: readonly RegExp[];
  readonly instead: string;
}[] = [
  {
    packages: ['kysely'],
    folders: [/^src\/db\//, /^src\/[^/]+\/store\//],
    instead: "SQL lives in `src/db/` and in a module's `store/`; call a function of the store",
  },
  {
    packages: ['node:sqlite', 'pg', 'mysql2', '@duckdb/node-api', 'ioredis'],
    folders: [/^src\/db\//, /^src\/audit\/store\//, /^src\/toolbox\/sources\//, /^src\/registry\/limits\/counters\//],
    instead:
      'drivers belong to `src/db/`, `src/audit/store/`, `src/toolbox/sources/` and `src/registry/limits/counters/`; use their ports',
  },
];

/**
 * Packages that cost start-up time or may be absent: nothing that a module's door loads may import
 * them statically. `await import(…)` on first use is the way.
 */
export const LAZY_PACKAGES: readonly string[] = [
  '@cedar-policy/cedar-wasm',
  '@kubernetes/client-node',
  'aws4fetch',
  'jose',
  'pg',
  'mysql2',
  'ioredis',
  'jose',
  'oidc-provider',
  'openid-client',
  '@duckdb/node-api',
  '@grpc/grpc-js',
  'protobufjs',
  'mmdb-lib',
  'nodemailer',
  '@opentelemetry/exporter-metrics-otlp-http',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/sdk-metrics',
  '@opentelemetry/sdk-trace',
  '@peculiar/asn1-schema',
  '@peculiar/asn1-x509',
  'jose',
  'oidc-provider',
  'openid-client',
];
