import { isLoopbackHost } from '#contract';
import type { Check, Weakness } from '../check.ts';

/** What leaves the machine in the clear, or can be reached past the proxy that encrypts. */
export const transport: Check = {
  id: 'transport',
  looksAt: 'TLS: what listens, and where telemetry goes',
  run({ settings }) {
    const found: Weakness[] = [];
    if (settings.tlsTerminatedBy !== undefined && /^(0\.0\.0\.0|::|\[::\])$/.test(settings.host)) {
      found.push({
        severity: 'warning',
        what: `\`host: ${settings.host}\` listens on every address, so callers can go around \`${settings.tlsTerminatedBy}\` in the clear`,
        remedy: 'Listen on the one address that the proxy comes by, or on 127.0.0.1 beside it.',
      });
    }
    const endpoint = settings.telemetry.otlpEndpoint;
    const url = endpoint === undefined ? null : URL.parse(endpoint);
    if (url !== null && url.protocol === 'http:' && !isLoopbackHost(url.hostname)) {
      found.push({
        severity: 'warning',
        what: `traces go to \`${url.host}\` in the clear; they name tools, agents and times`,
        remedy: 'Send them over https, or to a collector on this machine.',
      });
    }
    return found;
  },
};
