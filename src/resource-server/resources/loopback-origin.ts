/**
 * The origin by which a request reached us, for what is told to whoever sent it. That is the public one; but this
 * machine has three names (`localhost`, `127.0.0.1`, `[::1]`), people and configurations use any of them, and a
 * client compares what metadata say with the URL that it used, letter by letter (RFC 9728 §3.3). `host` is the
 * `Host` of a request to this server; any other that it names, or another port, is not ours to repeat.
 */
export function originReached(publicUrl: URL, host: string | undefined): URL {
  if (host === undefined || host === publicUrl.host) return publicUrl;
  const reached = URL.parse(`${publicUrl.protocol}//${host}`);
  return reached !== null && isSameMachine(publicUrl, reached) && reached.host === host ? reached : publicUrl;
}

/** The URL under the public origin, where it names this machine and port in another way; otherwise as it is. */
export function underPublicOrigin(publicUrl: URL, url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null || !url.startsWith(`${parsed.origin}/`) || !isSameMachine(publicUrl, parsed)) return url;
  return `${publicUrl.origin}${url.slice(parsed.origin.length)}`;
}

const isSameMachine = (one: URL, other: URL): boolean =>
  one.protocol === other.protocol &&
  one.port === other.port &&
  THIS_MACHINE.has(one.hostname) &&
  THIS_MACHINE.has(other.hostname);

/** As browsers write them; the rest of 127.0.0.0/8 may be somebody else's listener. */
const THIS_MACHINE: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);
