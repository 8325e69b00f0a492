/** Header fields as clients send them, with something in each that is theirs. */
import fc from 'fast-check';

/** Names of fields that carry who somebody is, and others. */
const NAMED = [
  ...['Cookie', 'DPoP', 'Proxy-Authorization', 'X-Api-Key', 'X-Auth-Token', 'Signature', 'Signature-Input', 'From'],
  ...['Forwarded', 'X-Forwarded-For', 'X-Forwarded-User', 'X-Forwarded-Email', 'X-Forwarded-Access-Token', 'X-Real-IP'],
  ...['X-Forwarded-Client-Cert', 'Client-Cert', 'Client-Cert-Chain', 'X-SSL-Client-Cert', 'X-SSL-Client-S-DN'],
  ...['X-Client-Cert', 'X-Spiffe-Id', 'X-Remote-User', 'X-Original-Authorization', 'Via', 'Referer', 'User-Agent'],
  ...['Accept-Language', 'If-None-Match', 'X-Request-Id', 'Last-Event-ID', 'Mcp-Param-Nothing', 'google_token'],
];

/** Fields of such names and of any other, whose values are drawn from `value`. */
export const fieldsWith = (value: fc.Arbitrary<string>): fc.Arbitrary<Record<string, string>> =>
  fc.dictionary(
    fc.oneof(fc.constantFrom(...NAMED), fc.stringMatching(/^X-[a-z]{1,12}$/)),
    fc.tuple(fc.constantFrom('', 'Bearer ', 'session=', 'for='), value).map((parts) => parts.join('')),
    { minKeys: 1, maxKeys: 12 },
  );
