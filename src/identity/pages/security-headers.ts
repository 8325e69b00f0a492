/**
 * The headers of every answer of the pages. A policy that allows nothing, and then what the page has: our
 * stylesheet and mark, forms to ourselves, and one script where there is a passkey, by its nonce. No
 * frame shows them (clickjacking). `same-origin` and not `no-referrer`: with the latter, browsers send
 * `Origin: null` with our own forms (Fetch §3.2).
 */
export function documentHeaders(nonce?: string): Record<string, string> {
  const script = nonce === undefined ? "'none'" : `'nonce-${nonce}'`;
  return {
    'Content-Security-Policy': [
      "default-src 'none'",
      "style-src 'self'",
      "img-src 'self'",
      `script-src ${script}`,
      "form-action 'self'",
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
