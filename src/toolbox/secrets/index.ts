/**
 * toolbox/secrets: secrets of the vault in the hands of sources.
 *
 * A source names a secret (`secret://namespace/name`) and asks for it when it connects or sends, through
 * `SourceSecrets`: what it holds is believed for a second, so a rotation, a disablement and an expiry
 * take effect without a restart, and a busy source does not read the vault at every call. Also owns
 * what a kind of secret is where one text is wanted (`material-text.ts`), how a SQL source signs in
 * (`sql-login.ts`), and taking secrets out of what an upstream sends back (`echo.ts`).
 *
 * Does not own: where secrets lie (`#contract` has the port, the vault implements it), who may use which
 * (a policy behind that port), the record of the use (the adapter behind that port).
 */
export { BELIEVED_MS, SourceSecrets } from './source-secrets.ts';
export { certificateOf, privateKeyOf, textOf } from './material-text.ts';
export { hasOneSignIn, ONE_SIGN_IN, referencesOf, sqlAuthField, sqlLogin, type SqlLogin } from './sql-login.ts';
export { Echo } from './echo.ts';
