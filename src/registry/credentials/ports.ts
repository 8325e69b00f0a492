import type { CalledTool, Presentation, Principal, ProofFault } from '#contract';
import type { AgentStandings, Standings } from '#identity';
import type { Result } from '#kernel';
import type { Decision } from '#policy';
import type { Through } from './credential.ts';

/** The tools there are now; asked at each use, since a reload replaces them. */
export interface VendableTools {
  find(namespace: string, name: string): CalledTool | undefined;
  /** The toolsets and groups that the tool is in. */
  toolsetsOf(tool: CalledTool): readonly string[];
}

/** What policy says of a credential for a tool. */
export interface VendJudge {
  decide(principal: Principal, tool: CalledTool, peer: { readonly address: string | undefined }): Promise<Decision>;
  /** Whether the caller may know of the tool: a refusal must not tell of one that lists leave out. */
  sees(principal: Principal, tool: CalledTool, peer: { readonly address: string | undefined }): Promise<boolean>;
}

/** JSON Web Keys (RFC 7517 §5) that verify; the same object for as long as none changed. */
export interface KeySet {
  readonly keys: readonly object[];
}

/** The issuer of tokens, as vending uses it: its keys sign, and its key set verifies. */
export interface TokenSigner {
  readonly issuer: string;
  /** The URL that a tool is as a resource (RFC 8707), and its credentials' audience. */
  audienceOf(tool: { readonly namespace: string; readonly tool: string }): string;
  /** Signs with the key of now; `typ` is that of the header. */
  sign(claims: Readonly<Record<string, unknown>>, typ: string): Promise<string>;
  keys(): Promise<KeySet>;
}

/** Whether whoever asks has the key that they show. */
export interface Possession {
  /** The thumbprint of the key behind the DPoP proof of a request that is about no token yet (RFC 9449 §5). */
  keyOf(presentation: Presentation): Promise<Result<string, ProofFault>>;
}

/** Who holders are and whether what they came with goes on. */
export interface HolderStandings {
  readonly users: Pick<Standings, 'ofUser'>;
  readonly agents: Pick<AgentStandings, 'ofAgent'>;
  isShut(namespace: string): Promise<boolean>;
  goesOn(through: Through): Promise<boolean>;
}
