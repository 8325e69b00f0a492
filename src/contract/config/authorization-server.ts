import { z } from 'zod';
import { reachFields } from './egress.ts';
import { duration, resourceName, scopeToken } from './common.ts';
import { trustedIssuersSchema } from './trusted-issuers.ts';
import { signingKeysSchema } from './signing-keys.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A whole number of seconds, of at least and at most so much; `bounds` is how that is written. Gives milliseconds. */
const between = (least: number, most: number, bounds: string) =>
  duration.refine((ms) => ms >= least && ms <= most && ms % SECOND === 0, {
    error: `this is not a whole number of seconds between ${bounds}`,
  });

const lifetimesSchema = z.strictObject({
  // A token that was stolen works for as long; beyond an hour nobody would call it short-lived (RFC 9700 §2.2).
  accessToken: between(MINUTE, HOUR, '`1m` and `1h`')
    .default(15 * MINUTE)
    .describe('How long an access token is good for.'),
  refreshToken: between(HOUR, 90 * DAY, '`1h` and `90d`')
    .default(30 * DAY)
    .describe('How long a sign-in through a client goes on without a refresh; each begins it anew.'),
  // RFC 6749 §4.1.2 has ten minutes as the longest; a code is redeemed within a second.
  authorizationCode: between(10 * SECOND, 10 * MINUTE, '`10s` and `10m`')
    .default(MINUTE)
    .describe('How long a code can be redeemed.'),
  interaction: between(5 * MINUTE, DAY, '`5m` and `24h`')
    .default(HOUR)
    .describe('How long a person has to sign in and decide.'),
  deviceCode: between(MINUTE, HOUR, '`1m` and `1h`')
    .default(10 * MINUTE)
    .describe('How long the code that a device shows can be entered.'),
});

const registrationSchema = z.strictObject({
  confidentialClients: z
    .boolean()
    .default(false)
    .describe('Whether a client that registers itself may get a secret; else it is public or has keys of its own.'),
  most: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .describe('How many of them there may be, in all processes together.'),
  unused: between(HOUR, 30 * DAY, '`1h` and `30d`')
    .default(DAY)
    .describe('How long one is kept that nobody ever got a token through.'),
});

/** `authorizationServer:` of `kind: server`. */
export const authorizationServerSchema = z.strictObject({
  lifetimes: lifetimesSchema.prefault({}).describe('How long what it issues lasts.'),
  registration: z
    .union([z.literal(false), registrationSchema])
    .prefault({})
    .describe('Clients that register themselves (RFC 7591); `false` lets none.'),
  clientDocuments: z
    .union([z.literal(false), z.strictObject(reachFields('The host of a document'))])
    .prefault({})
    .describe('Clients that are the https URL of the metadata document they publish; `false` lets none.'),
  baselineScopes: z
    .array(scopeToken)
    .max(50)
    .default([])
    .describe('Scopes that every client which registers or describes itself may ask for, whatever it says.'),
  upstreams: z
    .array(resourceName)
    .max(50)
    .optional()
    .describe('The upstreams whose tokens tools of this server may use for people who consent; all where left out.'),
  trustedIssuers: trustedIssuersSchema
    .default([])
    .describe('Issuers whose assertions are taken for the sign-in of a person who is known here; none by default.'),
  signingKeys: signingKeysSchema,
});

export type AuthorizationServerSettings = z.output<typeof authorizationServerSchema>;
