/**
 * bridge: one request to a server behind us, on behalf of one caller, whichever eras the two are of.
 *
 *   bridge.ts          the request: over which connection, in rounds or not
 *   held-call.ts       a session server asks while it works: the question goes to the client, and the work waits for it
 *   rounds.ts          a stateless server ends the round with its questions: they are asked, and the next round begins
 *   parked-calls.ts    work that waits for a client of the stateless era to come back
 *   session-levels.ts  which messages a session is told to say
 *   notices.ts         what the server says on the way
 *   refusals.ts        what its errors mean for whoever called
 *
 * Does not own: what is asked for (`entries/`), who may (gateway), connections (`pool/`).
 */
export { Bridge, type AskedRequest } from './bridge.ts';
export { ParkedCalls } from './parked-calls.ts';
export { refusalOf } from './refusals.ts';
