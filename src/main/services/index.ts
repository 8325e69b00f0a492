/**
 * main/services: what keeps state, opened in one order: state → vault → audit → identity → API.
 *
 * `openServices` is for the server and for commands on a data directory alike; `key-wrapper.ts` turns
 * `vault:` of the configuration into what the vault takes. `tool-secrets.ts` gives the toolbox secrets of the
 * vault and puts each use on record; `access-source.ts` tells an access review who holds what; `lazy-secrets.ts` opens it
 * when the first source asks; `workload-apis.ts` says who we are where a SPIFFE Workload API does.
 */
export { bearerVerifier } from './bearer-verifier.ts';
export { lateCredentials, type LateCredentials } from './late-credentials.ts';
export { lazySecrets } from './lazy-secrets.ts';
export { openResourceServer } from './resource-server.ts';
export { openServices, type Services, type ServicesOptions } from './open-services.ts';
export { mountedSecrets } from './mounted-secrets.ts';
export { toolSecrets } from './tool-secrets.ts';
export { vendableTools } from './vendable-tools.ts';
export { WorkloadApis } from './workload-apis.ts';
