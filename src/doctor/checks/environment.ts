import type { Check, Weakness } from '../check.ts';

/** Switches of the runtime that take protection away, whatever our configuration says. */
export const environment: Check = {
  id: 'environment',
  looksAt: 'environment variables that turn protection off',
  run({ environment }) {
    const found: Weakness[] = [];
    if (environment['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
      found.push({
        severity: 'error',
        what: '`NODE_TLS_REJECT_UNAUTHORIZED=0`: no certificate of anybody is checked',
        remedy: 'Take it out of the environment; name the authority of a certificate where it is needed.',
      });
    }
    if (/--inspect/.test(environment['NODE_OPTIONS'] ?? '')) {
      found.push({
        severity: 'error',
        what: '`NODE_OPTIONS` opens a debugger: who reaches its port reads every key in memory',
        remedy: 'Take `--inspect` out of `NODE_OPTIONS`.',
      });
    }
    return found;
  },
};
