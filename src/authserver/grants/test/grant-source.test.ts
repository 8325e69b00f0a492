import { provisionUser, operator } from '#identity';
import { randomToken, reveal, Secret } from '#kernel';
import { grantSource, type SubjectSession } from '#authserver';
import { startCompanyIdp } from '../../../../test/company-idp.ts';
import { callbackOf, companyOf, goThrough, startFederation } from '../../test/federation.fixture.ts';
import { grantSourceContract } from './grant-source.contract.ts';

grantSourceContract('in the process', async () => {
  const idp = await startCompanyIdp({ redirectUris: [callbackOf('linked'), callbackOf('other')] });
  const documents = [
    companyOf(idp, { name: 'linked', primary: true }),
    companyOf(idp, { name: 'other', primary: false }),
  ];
  const federation = await startFederation('sqlite', () => documents);
  const { grants, identity, users } = federation;
  const sessions = new Map<string, SubjectSession & { readonly account: string }>();
  let people = 0;
  return {
    source: grantSource({ grants, sessionOf: async (token) => sessions.get(reveal(token)) }),
    async session(owner, upstreams) {
      const account = `person-${people++}`;
      idp.accounts.set(account, {});
      const parts = { frame: identity.frame, users };
      const { user } = await provisionUser(parts, { door: 'oauth' }, { issuer: idp.issuer, subject: account });
      const token = randomToken();
      sessions.set(token, { userId: user.id, owner, upstreams, account });
      return new Secret(token);
    },
    async link(subjectToken) {
      const { userId, owner, account } = sessions.get(reveal(subjectToken)) as SubjectSession & {
        readonly account: string;
      };
      idp.account = account;
      const leg = await goThrough(federation, { upstream: 'linked' });
      const given = leg;
      await grants.save({ userId, owner, upstream: 'linked' }, given, operator().origin);
      return reveal(leg.tokens.accessToken);
    },
    expire: () => federation.clock.advance(3_600_000),
    provider(state) {
      idp.intercept = ({ url }, response) => {
        if (state === 'up' || url !== '/token') return false;
        response.writeHead(state === 'down' ? 503 : 400, { 'content-type': 'application/json' });
        response.end(state === 'down' ? '{}' : '{"error":"invalid_grant"}');
        return true;
      };
    },
    end: async (subjectToken) => void sessions.delete(reveal(subjectToken)),
  };
});
