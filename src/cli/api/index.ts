/**
 * cli/api: how commands speak to the API, which is all that most of them do.
 *
 * `with-api.ts` decides who answers: a server, through `http-transport.ts`, or this process over a data
 * directory, through what `main` hands in as `CliContext.openApi`. `client.ts` is the same for both, so
 * every verb is written once. Loaded when a command is declared, so this door loads no more than options.
 */
export { addApiOptions, withApi, type ApiOptions } from './with-api.ts';
