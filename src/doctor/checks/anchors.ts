import type { Check } from '../check.ts';

/** Who has the machine has the signing key: only what left in time tells that the log was written anew. */
export const anchors: Check = {
  id: 'anchors',
  looksAt: 'the audit log: whether checkpoints are kept where this machine cannot change them',
  run({ settings: { audit }, dataDirectory, disk }) {
    if (audit.anchors.length === 0) {
      return [
        {
          severity: 'warning',
          what: 'the audit log has no anchor: who takes this machine can write it anew, signatures and all',
          remedy: 'Name a receiver in `audit.anchors` of `kind: server` (docs/audit.md).',
        },
      ];
    }
    const outside = audit.anchors.some(
      (anchor) => anchor.type !== 'file' || disk.volumeOf(anchor.path) !== disk.volumeOf(dataDirectory),
    );
    if (outside) return [];
    return [
      {
        severity: 'warning',
        what: 'every anchor of the audit log is a file on the volume of the data directory',
        remedy: 'Write to a mount of another machine, or to a `syslog` or `webhook` receiver.',
      },
    ];
  },
};
