/**
 * internal: tokens of sessions for those of upstreams, by certificate (RFC 8693 over mutual TLS).
 *
 *   POST /internal/token-exchange    on the internal listener alone; the public one does not know the path
 *
 * Owns the door (`exchange-door.ts`), the form (`exchange-request.ts`), who may have which token (`exchange.ts`), what is
 * answered (`exchange-answer.ts`) and what goes on record (`exchange-records.ts`), and how much one owner may ask
 * (`owner-rate.ts`). Does not own: handshakes, chains and SPIFFE IDs (tls), sockets (gateway), whose a session is
 * (`../resources`), keeping the tokens of upstreams (`../grants`). Whoever asks: `src/token-exchange`.
 *
 * One exchange, in this order: the chain and the one SPIFFE ID (tls) → it is of an owner, admitted, registered → how
 * often → the form → the token is bound to nobody else → it verifies and its session goes on → the session is of
 * exactly this owner, and was when it began → the upstream is its and was consented to → the token of the upstream.
 */
export { Exchange, type Admission } from './exchange.ts';
export { ExchangeDoor, type InternalArrival } from './exchange-door.ts';
export { ExchangeRecords } from './exchange-records.ts';
export { OwnerRate } from './owner-rate.ts';
