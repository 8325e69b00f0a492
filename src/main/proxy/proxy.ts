/** `chatelaine proxy`: options → documents → the same server as `serve`, with one door. */
import { resolve } from 'node:path';
import type { CliContext } from '#cli';
import { proxyDocuments, type ProxyWish } from '#proxy';
import type { ConfigurationInput } from '#toolbox';
import { mainError } from '../errors.ts';
import { serve } from '../serve/serve.ts';
import { ownerInCertificate } from './owner-in-certificate.ts';
import type { ProxyOptions } from './proxy-command.ts';
import { findProgram } from './find-program.ts';

/** Rejects with `OPTION_INVALID` for options that cannot be, and as `serve` does. */
export async function proxy(command: readonly string[], options: ProxyOptions, context: CliContext): Promise<void> {
  const beside = standsInFiles(command, options) ? undefined : inputOf(wishOf(command, options, context));
  const { config, configs, configFolder, host, port, dataDir, reload, logLevel, hostKeys } = options;
  await serve(
    {
      ...{ dataDir, reload },
      ...(hostKeys !== undefined && { hostKeys }),
      ...(config !== undefined && { config }),
      ...(configs !== undefined && { configs }),
      ...(configFolder !== undefined && { configFolder }),
      ...(host !== undefined && { host }),
      ...(port !== undefined && { port }),
      ...(logLevel !== undefined && { logLevel }),
    },
    context,
    { isProxy: true, ...(beside !== undefined && { beside }) },
  );
}

/** Options that say what the documents of a proxy say. */
const OF_DOCUMENTS: readonly (keyof ProxyOptions)[] = [
  ...(['upstream', 'env', 'resource', 'issuer', 'issuerCa', 'audience', 'exchange', 'upstreamName', 'header'] as const),
  ...(['cert', 'key', 'ca', 'workloadApi', 'serverSpiffeId', 'owner', 'tlsCert', 'tlsKey', 'tlsTerminatedBy'] as const),
];

/** Whether a configuration says everything: whose tokens count, and what is behind. Half of it is nobody's wish. */
function standsInFiles(command: readonly string[], options: ProxyOptions): boolean {
  const { config, configs, configFolder } = options;
  return (
    (config ?? configs ?? configFolder) !== undefined &&
    command.length === 0 &&
    OF_DOCUMENTS.every((name) => options[name] === undefined)
  );
}

function inputOf(wish: ProxyWish): ConfigurationInput {
  const documents = proxyDocuments(wish);
  if (!documents.ok) throw mainError('OPTION_INVALID', documents.error.join('; '));
  return {
    ...{ file: 'the command line', directory: process.cwd(), joins: true },
    // JSON is YAML; a document a line.
    bytes: Buffer.from(documents.value.map((document) => JSON.stringify(document)).join('\n---\n')),
  };
}

function wishOf([program, ...args]: readonly string[], options: ProxyOptions, { env }: CliContext): ProxyWish {
  const { upstream, resource, issuer, issuerCa, audience, tlsTerminatedBy, config, configs, configFolder } = options;
  if (resource === undefined || issuer === undefined)
    throw mainError('OPTION_INVALID', `\`${resource === undefined ? '--resource' : '--issuer'}\` is missing`);
  refuseReferences([program ?? '', ...args], options);
  return {
    ...{ upstream, resource, issuer, audience, tlsTerminatedBy, env: options.env ?? [] },
    command: program === undefined ? undefined : [findProgram(program, env['PATH']), ...args],
    ...(issuerCa !== undefined && { issuerCa: resolve(issuerCa) }),
    exchange: exchangeOf(options),
    tls: tlsOf(options),
    hasPolicies: (config ?? configs ?? configFolder) !== undefined,
  };
}

/** In files `${…}` stands for something else; nothing on a command line does, where the shell has read it already. */
function refuseReferences(command: readonly string[], options: ProxyOptions): void {
  const texts = [...command, ...Object.values(options).flat()];
  const odd = texts.find((text) => typeof text === 'string' && text.includes('${'));
  if (odd !== undefined) throw mainError('OPTION_INVALID', `\`${String(odd)}\` has a \`\${\`, which no option means`);
}

const OF_EXCHANGES: readonly (keyof ProxyOptions)[] = [
  ...(['upstreamName', 'header', 'cert', 'key', 'ca', 'workloadApi', 'serverSpiffeId', 'owner'] as const),
];
const NEEDED = ['upstreamName', 'cert', 'key', 'ca'] as const;
/** A Workload API says who we are when it is asked, and not before: the name is needed at once. */
const NEEDED_BESIDE_WORKLOAD_API = ['upstreamName'] as const;

function exchangeOf(options: ProxyOptions): ProxyWish['exchange'] {
  const { exchange: url, upstreamName, header, cert, key, ca, workloadApi, serverSpiffeId, owner } = options;
  if (url === undefined) {
    const lonely = OF_EXCHANGES.find((name) => options[name] !== undefined);
    if (lonely === undefined) return undefined;
    throw mainError('OPTION_INVALID', `\`${flag(lonely)}\` is for an \`--exchange\`, and there is none`);
  }
  const lacking = (workloadApi === undefined ? NEEDED : NEEDED_BESIDE_WORKLOAD_API).filter(
    (name) => options[name] === undefined,
  );
  const who = cert === undefined ? owner : ownerInCertificate(resolve(cert), owner);
  if (upstreamName === undefined || who === undefined || lacking.length > 0) {
    // Without a certificate in a file nobody knows yet whom the Workload API makes us.
    const missing = [...lacking, ...(workloadApi !== undefined && who === undefined ? (['owner'] as const) : [])];
    throw mainError('OPTION_INVALID', `\`--exchange\` lacks ${missing.map((name) => `\`${flag(name)}\``).join(', ')}`);
  }
  return {
    ...{ url, upstreamName, header, owner: who, workloadApi, serverSpiffeId },
    ...{ certificate: cert && resolve(cert), key: key && resolve(key), ca: ca && resolve(ca) },
  };
}

function tlsOf({ tlsCert, tlsKey }: ProxyOptions): ProxyWish['tls'] {
  if (tlsCert !== undefined && tlsKey !== undefined) return { certificate: resolve(tlsCert), key: resolve(tlsKey) };
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  throw mainError('OPTION_INVALID', '`--tls-cert` and `--tls-key` belong together: give both or neither');
}

const flag = (name: string): string => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
