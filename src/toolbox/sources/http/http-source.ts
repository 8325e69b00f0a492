/** An HTTP API as a source: where it is, what every request to it carries, and the one client for it. */
import { EgressClient, egressRules, readTls, type EgressResponse } from '../../egress/index.ts';
import type { Source, SourceContext } from '../source.ts';
import type { HttpSourceConfig } from './config.ts';

/** A request as a tool made it; the source adds its time limit and its rules. */
export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export interface HttpCall {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

export class HttpSource implements Source {
  readonly type = 'http';
  readonly config: HttpSourceConfig;
  readonly baseUrl: URL;
  /** What the operator should know, told with every tool on this source. */
  readonly warnings: readonly string[];
  readonly #client: EgressClient;

  constructor(config: HttpSourceConfig, context: SourceContext) {
    this.config = config;
    this.baseUrl = new URL(config.baseUrl);
    this.warnings = warningsOf(config, this.baseUrl, context.name);
    for (const warning of this.warnings) context.log.warn({ source: context.name }, warning);
    const { tls, disableSslVerification } = config;
    this.#client = new EgressClient({
      rules: egressRules(config),
      tls: async () => ({
        ...(tls !== undefined && (await readTls(tls, context.directory))),
        ...(disableSslVerification && { rejectUnauthorized: false }),
      }),
    });
  }

  /** Sends a request under the rules of the source; errors are those of `EgressClient.request`. */
  send(request: HttpRequest, call: HttpCall): Promise<EgressResponse> {
    return this.#client.request({
      ...request,
      signal: call.signal,
      timeoutMs: Math.min(call.timeoutMs, this.config.timeout),
      maxBytes: call.maxBytes,
    });
  }

  /** Connects, TLS included. No request is made: there is none that every API takes as harmless. */
  check(signal: AbortSignal): Promise<void> {
    return this.#client.connect(this.baseUrl, signal);
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

function warningsOf(config: HttpSourceConfig, baseUrl: URL, name: string): readonly string[] {
  const warnings: string[] = [];
  if (config.disableSslVerification) {
    warnings.push(
      `source \`${name}\` accepts any certificate (\`disableSslVerification\`): whoever is on the way can read and change everything, keys included; use \`tls.ca\``,
    );
  }
  const carriesKeys = Object.keys({ ...config.headers, ...config.queryParams }).length > 0;
  if (baseUrl.protocol === 'http:' && carriesKeys && !/^(127\.|\[::1\]$|localhost$)/.test(baseUrl.hostname)) {
    warnings.push(`source \`${name}\` sends its \`headers\` and \`queryParams\` over plain http, readable on the way`);
  }
  return warnings;
}
