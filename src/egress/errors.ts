import { defineErrors } from '#kernel';

/** What becomes of a request that leaves the machine. */
export const egressError = defineErrors('egress', {
  EGRESS_REFUSED: {
    status: 403,
    title: 'the destination of an outgoing request is not allowed',
    remedy:
      'Allow the address in `allowedIpRanges` or set `allowPrivateNetworks: true` where the destination is configured, if it is meant to be reached.',
  },
  EGRESS_UNREACHABLE: {
    status: 503,
    title: 'the destination of an outgoing request cannot be reached',
    remedy: 'Check that it is running and that its address and certificate are right. The next request tries again.',
  },
  EGRESS_KEY_NOT_PINNED: {
    status: 502,
    title: 'the destination of an outgoing request has a key that is not pinned',
    remedy:
      'Find out by another way whether the key is that of the destination: somebody may stand in between. If it is, add the pin that the message shows to `tls.pin`.',
  },
  EGRESS_TIMEOUT: {
    status: 504,
    title: 'the destination of an outgoing request did not answer in time',
    remedy: 'Check what keeps it. The next request tries again.',
  },
  EGRESS_UNREADABLE: {
    status: 502,
    title: 'the answer to an outgoing request cannot be read',
    remedy: 'The message says what is wrong with it; correct the destination.',
  },
});
