import { readChallenge, upstreamOfServer, type CallerFace, type ProtectedServer } from '#contract';
import { reveal, Secret, type Clock } from '#kernel';
import { outgoingError } from '../errors.ts';
import type { OutgoingAuth, OutgoingRequest, Refusal, SentSecrets } from '../outgoing-auth.ts';
import { callerToken } from '../tokens/caller-token.ts';
import { TokenPlace } from '../tokens/token-place.ts';
import { serverOAuthError } from './errors.ts';
import { checkDestination } from './destination.ts';
import { StepUps } from './step-ups.ts';

/**
 * The caller's own token of the authorization server that an MCP server names: each person consents once, and acts
 * there as who they are there. Nothing is kept here; whoever keeps grants answers from what they keep, so a sign-out
 * holds for the next request.
 *
 * Where the person has to consent, or to consent to more, it ends with `ACCOUNT_NOT_LINKED`: `details.upstream` says
 * where, `details.scopes` to what, and whoever answers the caller leads them to the page (MCP, URL mode of
 * elicitation).
 */
export class ServerOAuthTokens implements OutgoingAuth {
  readonly perCaller = true;
  readonly #server: ProtectedServer;
  readonly #upstream: string;
  readonly #stepUps: StepUps;
  readonly #place = new TokenPlace(undefined);

  constructor(server: ProtectedServer, parts: { readonly clock: Clock }) {
    this.#server = server;
    this.#upstream = upstreamOfServer(server);
    this.#stepUps = new StepUps(parts.clock);
  }

  async headers(caller: CallerFace, { url }: OutgoingRequest): Promise<SentSecrets> {
    checkDestination(this.#server, url);
    const { accessToken } = await callerToken(caller, this.#upstream);
    return this.#place.put(accessToken);
  }

  async refused(caller: CallerFace, sent: SentSecrets, { status, challenge }: Refusal): Promise<boolean> {
    const token = this.#place.find(sent);
    if (token === undefined) return false;
    const refused = new Secret(token);
    return status === 401
      ? await this.#renewed(caller, refused)
      : await this.#steppedUp(caller, refused, readChallenge(challenge));
  }

  /** Another token, refreshed for all who were refused together; the page where there is none. */
  async #renewed(caller: CallerFace, refused: Secret): Promise<boolean> {
    const next = await caller.upstreamToken(this.#upstream, { refused });
    // The next try says what is missing.
    if (!next.ok) return true;
    if (reveal(next.value.accessToken) !== reveal(refused)) return true;
    // No other can be had without the person: the server may have changed whom it trusts.
    if (!this.#stepUps.admits(caller.context, refused)) return false;
    throw this.#consent(`the MCP server \`${this.#server.name}\` does not take your account any more`);
  }

  /** RFC 6750 §3.1 and MCP authorization: the scopes of before and those that are asked for besides. */
  async #steppedUp(caller: CallerFace, refused: Secret, challenge: ReturnType<typeof readChallenge>): Promise<boolean> {
    if (challenge?.error !== 'insufficient_scope' || challenge.scopes === undefined) return false;
    const { name, auth } = this.#server;
    const { accessToken, scopes } = await callerToken(caller, this.#upstream);
    if (reveal(accessToken) !== reveal(refused)) return true;
    const missing = challenge.scopes.filter((scope) => !scopes.includes(scope));
    // It asks for what it was given: consenting again would change nothing.
    if (missing.length === 0) return false;
    if (auth.scopes !== undefined && missing.some((scope) => auth.scopes?.includes(scope) === false))
      throw serverOAuthError('STEP_UP_REFUSED', `the MCP server \`${name}\` asks for more than \`scopes\` allows it`);
    if (!this.#stepUps.admits(caller.context, refused))
      throw serverOAuthError('STEP_UP_REFUSED', `the MCP server \`${name}\` asks for more each time it is given more`);
    throw this.#consent(`the MCP server \`${name}\` needs your consent to more`, [...scopes, ...missing]);
  }

  #consent(message: string, scopes?: readonly string[]): Error {
    const details = { upstream: this.#upstream, ...(scopes && { scopes }) };
    return outgoingError('ACCOUNT_NOT_LINKED', message, { details });
  }
}
