import { defineErrors } from '#kernel';

/** What is wrong with certificates, keys and lists; the message names the file and the fault. */
export const tlsError = defineErrors('tls', {
  CERTIFICATE_UNUSABLE: {
    status: 400,
    title: 'a certificate, its chain or its key cannot be used',
    remedy: 'The message names the file and what is wrong with it. A file that is replaced is read again by itself.',
  },
  TRUST_UNUSABLE: {
    status: 400,
    title: 'the certificates to trust, or their revocation list, cannot be used',
    remedy: 'The message names the file and what is wrong with it. A file that is replaced is read again by itself.',
  },
  WORKLOAD_API_UNAVAILABLE: {
    status: 503,
    title: 'the SPIFFE Workload API has given nothing',
    remedy:
      'The message says what it answered. See that its agent runs, that this process may open its socket, and that an entry is registered there which matches this process.',
  },
  WORKLOAD_API_LACKS: {
    status: 400,
    title: 'the SPIFFE Workload API does not give what is configured',
    remedy: 'The message says what it gives. Change `workloadApi` or `trustDomain`, or the entries of its server.',
  },
  WORKLOAD_IDENTITY_LOST: {
    status: 503,
    title: 'the identity that the SPIFFE Workload API gave is gone',
    remedy:
      'It expired without news, or its entry was taken back: see the log, the agent, and the entries of its server. It is used again as soon as the API gives it.',
  },
  WORKLOAD_MESSAGE_UNUSABLE: {
    status: 502,
    title: 'a message of the SPIFFE Workload API cannot be used',
    remedy: 'The message says what is wrong. What the API gave before goes on; look at its agent and its server.',
  },
  AUTHORITY_EXISTS: {
    status: 409,
    title: 'the folder holds a certificate authority already',
    remedy: 'Use it, rotate it with `chatelaine ca rotate`, or name another folder with `--dir`.',
  },
  AUTHORITY_MISSING: {
    status: 404,
    title: 'the folder holds no certificate authority',
    remedy: 'Make one with `chatelaine ca init`, or name its folder with `--dir`.',
  },
  AUTHORITY_UNUSABLE: {
    status: 500,
    title: 'the files of the certificate authority cannot be used',
    remedy: 'The message names the file. Restore it from a backup, or begin anew with `chatelaine ca init`.',
  },
  CERTIFICATE_REQUEST_INVALID: {
    status: 400,
    title: 'the authority does not issue such a certificate',
    remedy: 'The message says what it issues.',
  },
  FILE_UNWRITABLE: {
    status: 400,
    title: 'a certificate or key cannot be written where it belongs',
    remedy: 'Make the folder, or name a path that you may write to.',
  },
  ROTATION_OUT_OF_ORDER: {
    status: 409,
    title: 'this step of the rotation does not come next',
    remedy:
      'The order is `prepare`, distribute the bundle, `activate`, wait until what the old one issued has expired, `retire`.',
  },
});
