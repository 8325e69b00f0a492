import { z } from 'zod';
import type { AuditOrigin } from '#contract';
import { moment, momentOf, route, type Route } from '#http';
import { reveal } from '#kernel';
import type { Visitor } from '../sign-in/visitor.ts';
import { authorOf, type RouteParts } from './parts.ts';

const visitorOf = ({ address = '', userAgent = '', requestId }: AuditOrigin): Visitor => ({
  address,
  userAgent,
  ...(requestId !== undefined && { requestId }),
});

const password = z.string().min(1).max(1024);
const tag = 'registration';

/** `/api/v1/invitations`, and what is for everybody: `/api/v1/register`, `/api/v1/token`. */
export function registrationRoutes({ recovery }: RouteParts): readonly Route[] {
  const { invitations, passwordTokens } = recovery;
  return [
    route({
      operationId: 'createInvitation',
      method: 'POST',
      path: '/invitations',
      summary: 'An invitation by which somebody becomes a user, once; with no role',
      tag,
      permission: 'invitation.create',
      where: 'everywhere',
      status: 201,
      body: z.strictObject({
        expiresInSeconds: z.number().optional().describe('How long it counts: a week when left out, at most 30 days.'),
      }),
      errors: ['INVITATION_LIFETIME_REFUSED'],
      answer: z.strictObject({
        id: z.string(),
        invitation: z.string().nullable().describe('Null in a repetition: it is given once.'),
        expiresAt: moment,
      }),
      replay: (answer) => ({ ...answer, invitation: null }),
      handle: async (call) => {
        const { expiresInSeconds: seconds } = call.body;
        const lifetimeMs = seconds === undefined ? undefined : Math.round(seconds * 1000);
        const { id, token, expiresAt } = await invitations.invite(authorOf(call), lifetimeMs);
        return { id, invitation: reveal(token), expiresAt: momentOf(expiresAt) };
      },
    }),
    route({
      operationId: 'register',
      method: 'POST',
      path: '/register',
      summary: 'Become a user by an invitation; whoever has none is told of nothing else',
      tag,
      permission: 'public',
      where: 'everywhere',
      status: 201,
      body: z.strictObject({
        invitation: z.string().min(1).max(256),
        username: z.string().min(1).max(1000).describe('What you will sign in with.'),
        email: z.string().max(1000),
        password,
        name: z.string().max(1000).describe('What you are called.'),
        organization: z.string().max(1000).optional(),
      }),
      errors: [
        'INVITATION_REFUSED',
        'PASSWORD_REFUSED',
        'NAME_REFUSED',
        'PROFILE_REFUSED',
        'USER_NAME_TAKEN',
        'SIGN_IN_THROTTLED',
        'SIGN_IN_BUSY',
      ],
      answer: z.strictObject({
        id: z.string(),
        username: z.string(),
        signIn: z.string().describe('Where to sign in, and to set up a second factor.'),
      }),
      handle: async ({ body, origin }) => {
        const { invitation, username, email, name, organization } = body;
        const profile = { displayName: name, email, ...(organization !== undefined && { organization }) };
        const wanted = { invitation, username, profile, password: body.password };
        const { id, name: given } = await invitations.register(visitorOf(origin), wanted);
        return { id, username: given, signIn: new URL('/console/sign-in', recovery.publicUrl).href };
      },
    }),
    route({
      operationId: 'issueToken',
      method: 'POST',
      path: '/token',
      summary: 'A token for `/api/v1`, for a name, a password and a second factor',
      description:
        'A session of a program, listed and ended like others. Counted and recorded as the pages of signing in are; `chatelaine login` needs no password in a program.',
      tag,
      permission: 'public',
      where: 'everywhere',
      form: true,
      body: z.strictObject({
        username: z.string().min(1).max(1000),
        password,
        otp: z.string().min(1).max(64).optional().describe('Of an authenticator app, or a recovery code.'),
        grant_type: z.literal('password').optional(),
      }),
      errors: [
        'SIGN_IN_REFUSED',
        'SECOND_FACTOR_REFUSED',
        'SECOND_FACTOR_REQUIRED',
        'SESSION_REQUIRED',
        'SIGN_IN_THROTTLED',
        'SIGN_IN_BUSY',
      ],
      answer: z.strictObject({
        access_token: z.string(),
        token_type: z.literal('Bearer'),
        expires_in: z.int().describe('Seconds.'),
      }),
      handle: async ({ body: { username, password: given, otp }, origin }) => {
        const issued = await passwordTokens.issue(visitorOf(origin), { username, password: given, otp });
        return {
          access_token: reveal(issued.credential),
          token_type: 'Bearer' as const,
          expires_in: passwordTokens.secondsUntil(issued.expiresAt),
        };
      },
    }),
  ];
}
