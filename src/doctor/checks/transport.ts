import { isLoopbackHost } from '#contract';
import type { Check, Weakness } from '../check.ts';

/** What leaves the machine in the clear, or can be reached past the proxy that encrypts. */
export const transport: Check = {
  id: 'transport',
  looksAt: 'TLS: what listens, where people sign in, whose pages may call, where telemetry goes',
  run({ settings }) {
    const found: Weakness[] = [];
    if (settings.tlsTerminatedBy !== undefined && /^(0\.0\.0\.0|::|\[::\])$/.test(settings.host)) {
      found.push({
        severity: 'warning',
        what: `\`host: ${settings.host}\` listens on every address, so callers can go around \`${settings.tlsTerminatedBy}\` in the clear`,
        remedy: 'Listen on the one address that the proxy comes by, or on 127.0.0.1 beside it.',
      });
    }
    if (settings.tlsTerminatedBy !== undefined && settings.trustedProxies.length === 0) {
      found.push({
        severity: 'warning',
        what: `everybody comes from the address of \`${settings.tlsTerminatedBy}\`: failed sign-ins of one count for all, and keys cannot be limited to networks`,
        remedy: 'Name the addresses of the proxy in `trustedProxies`, and let it append to `X-Forwarded-For`.',
      });
    }
    const { metrics } = settings;
    for (const origin of settings.allowedOrigins.filter(isInTheClear)) {
      found.push({
        severity: 'warning',
        what: `pages of \`${origin}\` may call, and whoever is on the way to it can put in theirs`,
        remedy: 'Serve those pages over https, and write that in `allowedOrigins`.',
      });
    }
    if (metrics !== false && !isLoopbackHost(metrics.host)) {
      found.push({
        severity: 'warning',
        what: `\`metrics.host: ${metrics.host}\` gives names of tools and their numbers to whoever reaches it, in the clear`,
        remedy: 'Listen on 127.0.0.1, or on an address of a network that only the monitor is in.',
      });
    }
    const endpoint = settings.telemetry.otlpEndpoint;
    if (endpoint !== undefined && isInTheClear(endpoint)) {
      found.push({
        severity: 'warning',
        what: `traces go to \`${new URL(endpoint).host}\` in the clear; they name tools, agents and times`,
        remedy: 'Send them over https, or to a collector on this machine.',
      });
    }
    return found;
  },
};

function isInTheClear(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && url.protocol === 'http:' && !isLoopbackHost(url.hostname);
}
