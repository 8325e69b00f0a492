import type { EgressClient, EgressTls } from './egress-client.ts';

/** Who we are, and whom we believe for that reason. */
type TlsIdentity = Pick<EgressTls, 'cert' | 'key' | 'peer'>;

/** One client at a time, for who we are now: the one of before ends its requests and goes. */
export class CurrentClient {
  readonly #open: (identity: TlsIdentity) => EgressClient;
  #current: { readonly stamp: string; readonly client: EgressClient } | undefined;
  #closed = false;

  constructor(open: (identity: TlsIdentity) => EgressClient) {
    this.#open = open;
  }

  /** The client of that stamp; another stamp means another identity. */
  for(stamp: string, identity: TlsIdentity): EgressClient {
    if (this.#current?.stamp === stamp) return this.#current.client;
    const before = this.#current?.client;
    const client = this.#open(identity);
    this.#current = { stamp, client };
    void before?.close();
    if (this.#closed) void client.close();
    return client;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#current?.client.close();
  }
}
