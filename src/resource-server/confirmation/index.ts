/**
 * confirmation: whether whoever presents a token that is bound to a key has that key.
 *
 * Owns the DPoP proof and what it must say (`dpop-proof.ts`), nonces that stand in for a client's clock
 * (`proof-nonces.ts`), that a proof counts once (`used-proofs.ts`), and the judgement over all of it
 * (`confirmations.ts`). Does not own: where a proof stands in a request, and how a refusal is told (gateway);
 * whether the certificate of a connection counts (tls); how tokens come to be bound (authserver, and other issuers).
 * Table: `used_proofs`, queried in `../store/` alone. RFC 9449 (DPoP), RFC 8705 §3 (certificate-bound tokens),
 * RFC 7638 (thumbprints), RFC 7800 (`cnf`).
 */
export { Confirmations, type ConfirmationParts } from './confirmations.ts';
