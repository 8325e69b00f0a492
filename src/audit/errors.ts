import { defineErrors } from '#kernel';

/** What can be wrong with the record. Whoever meets one of these must refuse what it was to record. */
export const auditError = defineErrors('audit', {
  AUDIT_UNAVAILABLE: {
    status: 503,
    title: 'the audit log cannot be written, so nothing that must be on record is done',
    remedy: 'The log names what the system refused: check free space, permissions and the disk. No restart is needed.',
  },
  AUDIT_OVERLOADED: {
    status: 503,
    title: 'more is happening than the audit log can write',
    remedy: 'Call again in a moment. When it stays so, the disk under the data directory is too slow.',
  },
  AUDIT_RECORD_INVALID: {
    status: 500,
    title: 'something that cannot be written down was to be recorded',
    remedy: 'This is a defect of Chatelaine; report it with the message.',
  },
  AUDIT_DAMAGED: {
    status: 500,
    title: 'the audit log is not as it was written',
    remedy: 'Keep a copy of the data directory, then let `chatelaine audit verify` name the first bad record.',
  },
  AUDIT_KEY_OF_ANOTHER_HOST: {
    status: 500,
    title: 'the hosts of one database must have the same keys of the audit log, and this one has others',
    remedy:
      'Copy `signing.key`, `digest.key` and `former-keys` from the folder `audit` of a host that serves, mode 0600, or mount one secret on all. When a key is lost for good, run `chatelaine migrate forget-keys`.',
  },
  AUDIT_UNSAFE: {
    status: 500,
    title: 'other users of the machine could read or replace what belongs to the audit log',
    remedy: 'Give the folder `audit` of the data directory to the user who runs Chatelaine, mode 0700, its files 0600.',
  },
  AUDIT_QUERY_INVALID: {
    status: 400,
    title: 'a question to the audit log cannot be understood',
    remedy: 'The message names the filter. A cursor is used as it was given, with the same filters.',
  },
  AUDIT_RECORD_UNKNOWN: {
    status: 404,
    title: 'the audit log has no such record',
    remedy: 'Check the id. It may belong to another installation.',
  },
});
