/** What both sides of an exchange write (RFC 8693 §2.1, §3). */

/** Where it is asked for, letter by letter: the only path of the internal listener. */
export const EXCHANGE_PATH = '/internal/token-exchange';
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
