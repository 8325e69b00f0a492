/** A federating authorization server with two providers, and the whole way of a person to a token. */
import { reveal, Secret } from '#kernel';
import { roleBindingSchema, type Role, type UpstreamCommon } from '#contract';
import { startCompanyIdp, type CompanyIdp } from '../../../test/company-idp.ts';
import { startGithubShapedIdp, type GithubShapedIdp } from '../../../test/github-shaped-idp.ts';
import { allow, type Surfer } from '../../../test/surfer.ts';
import type { TestDialect } from '../../../test/databases.ts';
import {
  CLIENTS,
  startAuthorizationServer,
  type AuthorizationServerProcess,
  type Surroundings,
} from './authorization-server.fixture.ts';
import { answerAt, authorizeUrl, newVerifier, redeem } from './code-flow.fixture.ts';
import { companyOf, githubOf } from './federation.fixture.ts';

/** A server with the company as the primary provider, and one in GitHub's shape beside it. */
export interface FederatedServer {
  readonly process: AuthorizationServerProcess;
  readonly company: CompanyIdp;
  readonly github: GithubShapedIdp;
  /** The documents of now: a test replaces them as a reload does. */
  readonly documents: UpstreamCommon[];
  /** A second process on the same data. */
  beside(): Promise<AuthorizationServerProcess>;
}

export async function startFederated(
  dialect: TestDialect = 'sqlite',
  more: Surroundings & {
    /** Fields of the company's document. */
    readonly company?: Readonly<Record<string, unknown>>;
    /** For how long access tokens of the company live. */
    readonly seconds?: number;
    /** Roles by groups of the company, everywhere. */
    readonly roles?: Readonly<Record<string, Role>>;
  } = {},
): Promise<FederatedServer> {
  const documents: UpstreamCommon[] = [];
  const { roles = {} } = more;
  let issuer: string | undefined;
  const declared = () =>
    Object.entries(issuer === undefined ? {} : roles).map(([group, role]) =>
      roleBindingSchema.parse({ kind: 'roleBinding', name: group, role, everywhere: true, group, issuer }),
    );
  const federating = { upstreams: () => documents, declared, ...more };
  const process = await startAuthorizationServer(dialect, undefined, CLIENTS, true, federating);
  const company = await startCompanyIdp({
    redirectUris: [new URL('/oauth/callback/company', process.url).href],
    ...(more.seconds !== undefined && { accessTokenSeconds: more.seconds }),
  });
  ({ issuer } = company);
  const github = await startGithubShapedIdp();
  documents.push(
    companyOf(company, { displayName: 'Acme', groupsClaim: 'groups', primary: true, ...more.company }),
    githubOf(github),
  );
  return {
    ...{ process, company, github, documents },
    beside: () => startAuthorizationServer(dialect, process, CLIENTS, true, federating),
  };
}

/** What a client has after the whole way. */
export interface LetIn {
  readonly accessToken: Secret;
  readonly refreshToken: string;
  readonly userId: string;
}

/** The whole way of a person to a token: sign-in where they are asked for it, consent, code. */
export async function letIn(
  process: AuthorizationServerProcess,
  surfer: Surfer,
  more: Readonly<Record<string, string>> = {},
): Promise<LetIn> {
  const verifier = newVerifier();
  let page = await surfer.browser.follow(authorizeUrl(process, verifier, more));
  if (page.text.includes('name="provider"')) page = await surfer.signIn(page);
  if (page.to === undefined) page = await allow(surfer, page);
  const code = answerAt(page.to).get('code');
  if (code === null) throw new Error(`no code: ${page.status} ${page.to ?? page.text.slice(0, 1500)}`);
  const { body } = await redeem(process, code, verifier);
  const accessToken = body['access_token'] as string;
  const { sub } = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString()) as { sub: string };
  return { accessToken: new Secret(accessToken), refreshToken: body['refresh_token'] as string, userId: sub };
}

/** What the process answers whoever runs tools: the token of the provider, or why there is none. */
export async function tokenAt(
  { server }: Pick<AuthorizationServerProcess, 'server'>,
  { accessToken }: Pick<LetIn, 'accessToken'>,
  upstream: string,
  owner = 'default/gateway',
): Promise<string> {
  const answer = await server.grants.upstreamToken({ subjectToken: accessToken, owner, upstream });
  return answer.ok ? reveal(answer.value.accessToken) : answer.error.reason;
}
