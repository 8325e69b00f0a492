/**
 * The headers of every answer of the pages. A policy that allows nothing, and then what the page has: our
 * stylesheet and mark, forms to ourselves, and one script where there is a passkey, by its nonce. No
 * frame shows them (clickjacking). `same-origin` and not `no-referrer`: with the latter, browsers send
 * `Origin: null` with our own forms (Fetch §3.2). Browsers hold redirects that answer a form to `form-action` as
 * well: `leadsTo` are the places beside us that one may lead to (CSP 3 §6.5.1).
 */
export function documentHeaders(nonce?: string, leadsTo: readonly string[] = []): Record<string, string> {
  const script = nonce === undefined ? "'none'" : `'nonce-${nonce}'`;
  return {
    'Content-Security-Policy': [
      "default-src 'none'",
      "style-src 'self'",
      "img-src 'self'",
      `script-src ${script}`,
      ["form-action 'self'", ...leadsTo].join(' '),
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
    'X-Frame-Options': 'DENY',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy':
      'publickey-credentials-get=(self), publickey-credentials-create=(self), camera=(), microphone=()',
    'Cache-Control': 'no-store',
  };
}
