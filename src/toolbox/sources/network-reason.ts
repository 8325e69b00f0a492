const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the server closed the connection',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be looked up now',
  ENOENT: 'no such socket',
  ETIMEDOUT: 'no answer in time',
  EPIPE: 'the server closed the connection',
};

/** Why a connection failed, for people: words for the system's codes, else what the error says. */
export function networkReason(error: unknown): string {
  const { code = '', message = '' } = error as { readonly code?: string; readonly message?: string };
  // An address that is tried over IPv4 and IPv6 fails with an error that has a code and no message.
  return WORDS[code] ?? (message || code || 'for an unknown reason');
}
