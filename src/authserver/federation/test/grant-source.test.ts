import { reveal } from '#kernel';
import type { UpstreamCommon } from '#contract';
import { startCompanyIdp } from '../../../../test/company-idp.ts';
import { grantSourceContract } from '../../grants/test/grant-source.contract.ts';
import { CLIENTS, startAuthorizationServer } from '../../test/authorization-server.fixture.ts';
import { Surfer } from '../../../../test/surfer.ts';
import { letIn, type LetIn } from '../../test/federated.fixture.ts';
import { companyOf, MovedClock } from '../../test/federation.fixture.ts';

const LIFE_SECONDS = 180;

/** One resource of each owner for each choice of upstreams: what is consented to is what its owner may use. */
const resourceOf = (owner: string, upstreams: readonly string[]) => ({
  ...{ namespace: owner.split('/')[0] ?? '', name: owner.split('/')[1] ?? '', scopes: ['read:flights'], upstreams },
  resource: `https://${owner.replace('/', '.')}.example/${upstreams.join('-')}`,
});

grantSourceContract('of a running authorization server, with its own tokens', async () => {
  const clock = new MovedClock();
  const documents: UpstreamCommon[] = [];
  const owners = ['engineering/github-mcp', 'everyone/slack-mcp'].flatMap((owner) =>
    [['linked'], ['linked', 'other']].map((upstreams) => resourceOf(owner, upstreams)),
  );
  const federating = { upstreams: () => documents, owners: () => owners, clock };
  const process = await startAuthorizationServer('sqlite', undefined, CLIENTS, true, federating);
  const redirectUris = ['linked', 'other'].map((name) => new URL(`/oauth/callback/${name}`, process.url).href);
  const idp = await startCompanyIdp({ redirectUris, accessTokenSeconds: LIFE_SECONDS });
  documents.push(companyOf(idp, { name: 'linked', primary: false }), companyOf(idp, { name: 'other', primary: false }));
  const people = new Map<
    string,
    LetIn & { readonly surfer: Surfer; readonly account: string; readonly owner: string }
  >();
  return {
    source: process.server.grants,
    async session(owner, upstreams) {
      const account = `person-${people.size}`;
      idp.accounts.set(account, {});
      const { browser } = await process.person(account);
      const surfer = new Surfer(process, browser);
      const { resource } = resourceOf(owner, upstreams);
      const made = await letIn(process, surfer, { resource });
      people.set(reveal(made.accessToken), { ...made, surfer, account, owner });
      return made.accessToken;
    },
    async link(subjectToken) {
      const person = people.get(reveal(subjectToken));
      if (person === undefined) throw new Error('nobody has that token');
      idp.account = person.account;
      await person.surfer.connect(person.owner, 'linked');
      return idp.accessTokens.at(-1) ?? '';
    },
    expire: () => clock.advance((LIFE_SECONDS + 20) * 1000),
    provider(state) {
      idp.intercept = ({ url }, response) => {
        if (state === 'up' || url !== '/token') return false;
        response.writeHead(state === 'down' ? 503 : 400, { 'content-type': 'application/json' });
        response.end(state === 'down' ? '{}' : '{"error":"invalid_grant"}');
        return true;
      };
    },
    async end(subjectToken) {
      const verified = await process.server.verifier.verify(reveal(subjectToken));
      await process.server.sessions.end({ id: (verified.ok && verified.value.tsid) || '' }, 'test');
    },
  };
});
