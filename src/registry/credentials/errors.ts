import { defineErrors } from '#kernel';

/** What can be wrong with a wish for a credential, and with one that is there. */
export const credentialError = defineErrors('registry credentials', {
  CREDENTIAL_REFUSED: {
    status: 403,
    title: 'no policy permits a credential for this tool',
    remedy:
      'A policy must permit the action `vend` on the tool; nobody is excepted, administrators neither. Ask for it: `chatelaine access request TOOL --justification TEXT`.',
  },
  CREDENTIAL_NEEDS_APPROVAL: {
    status: 403,
    title: 'the policy asks for a person’s yes, which a credential cannot wait for',
    remedy: 'Ask for access: `chatelaine access request TOOL --justification TEXT`.',
  },
  CREDENTIAL_SCOPES_EMPTY: {
    status: 403,
    title: 'nothing of what was asked for can be given',
    remedy:
      'A credential has what was asked for, what the policy allows and what the caller has: scopes of the tool, and `read` or `execute` of the key or session.',
  },
  CREDENTIAL_WIDER: {
    status: 403,
    title: 'a credential cannot be made wider than the one it is made from',
    remedy: 'Ask for scopes that it has and a time within its own, or leave both out.',
  },
  CREDENTIAL_DURATION_REFUSED: {
    status: 400,
    title: 'the duration is none that a credential can have',
    remedy: 'A number of seconds from 1 to 3600; 900 when left out. The policy may allow less.',
  },
  CREDENTIAL_BINDING_REFUSED: {
    status: 400,
    title: 'the credential cannot be bound to that key',
    remedy:
      'For a key send one `DPoP` header with a fresh proof for this method and URL; for a certificate ask at the listener that asks for certificates.',
  },
  CREDENTIAL_LIMIT: {
    status: 429,
    title: 'the caller holds as many credentials as there may be',
    remedy: 'Use those that there are, revoke them with `chatelaine credential revoke ID`, or wait until they end.',
  },
  CREDENTIAL_HOLDER_REFUSED: {
    status: 403,
    title: 'credentials are for agents and for people who are signed in',
    remedy: 'Ask at the server, with a key or after `chatelaine login`: `--server URL`.',
  },
  CREDENTIAL_UNKNOWN: {
    status: 404,
    title: 'there is no such credential',
    remedy: '`chatelaine credential list` shows those that there are.',
  },
  VENDING_UNAVAILABLE: {
    status: 503,
    title: 'this server issues no tokens',
    remedy:
      'Set `publicUrl` of `kind: server`: the authorization server signs what is vended, and it is reached there.',
  },
});

/** What is not there, and what the caller may not see. */
export const unknownCredential = (id: string) =>
  credentialError('CREDENTIAL_UNKNOWN', `there is no credential \`${id.slice(0, 26)}\``);
