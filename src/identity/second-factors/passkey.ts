/** A WebAuthn credential of a person. */
export interface Passkey {
  /** The credential id, base64url. */
  readonly id: string;
  readonly userId: string;
  /** COSE_Key. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
  /** WebAuthn §6.1.1; 0 for authenticators that do not count. */
  readonly counter: number;
  readonly transports: readonly string[];
  readonly label: string;
  /** May live on several devices. */
  readonly synced: boolean;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

/** RFC 8176: a key that cannot leave its device, or one that can. */
export const passkeyMethod = ({ synced }: Pick<Passkey, 'synced'>): 'hwk' | 'swk' => (synced ? 'swk' : 'hwk');
