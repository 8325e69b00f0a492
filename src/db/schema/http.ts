/** What the frame of the REST API remembers. */
export interface HttpTables {
  readonly idempotency_keys: IdempotencyKeysTable;
  readonly api_secrets: ApiSecretsTable;
}

/** Secrets of the API that every process on the database shares, sealed under the vault's key of no namespace. Owner: http. */
export interface ApiSecretsTable {
  readonly name: string;
  readonly value: string;
  readonly key_id: string;
}

/** What was answered to a request that may be sent again. Owner: http. */
export interface IdempotencyKeysTable {
  /** Issuer and subject. */
  readonly principal: string;
  readonly idempotency_key: string;
  /** Keyed digest of method, path and body. */
  readonly request_digest: string;
  readonly started_at: number;
  /** Null until the request is answered. */
  readonly status: number | null;
  /** JSON. */
  readonly headers: string | null;
  readonly body: string | null;
}
