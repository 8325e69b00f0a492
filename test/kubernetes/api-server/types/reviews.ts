/** Questions that are answered and not kept: who somebody is, what they may, whose a token is; and tokens themselves. */
import type { ResourceType } from '../resource-type.ts';
import { builtIn } from './built-in.ts';
import { always, anything, int, list, map, or, str, struct, topLevel } from './dialect.ts';

export const authorization = 'authorization.k8s.io';
export const authentication = 'authentication.k8s.io';

const resourceAttributes = struct({
  ...{ namespace: str, verb: str, group: str, version: str, resource: str, subresource: str, name: str },
  ...{ fieldSelector: anything, labelSelector: anything },
});
const access = { resourceAttributes, nonResourceAttributes: struct({ path: str, verb: str }) };
const subject = { user: str, groups: list(str), extra: map(list(str)), uid: str };

const review = (group: string, kind: string, spec: Parameters<typeof struct>[0], namespaced = false): ResourceType =>
  builtIn(group, 'v1', `${kind.toLowerCase()}s`, kind, {
    namespaced,
    review: true,
    schema: topLevel({ spec: always(struct(spec)), status: anything }),
  });

export const tokenRequest = review(authentication, 'TokenRequest', {
  audiences: list(str),
  expirationSeconds: or(int, 3600),
  boundObjectRef: always(struct({ kind: str, apiVersion: str, name: str, uid: str })),
});

export const reviews: readonly ResourceType[] = [
  review(authorization, 'SelfSubjectAccessReview', access),
  review(authorization, 'SubjectAccessReview', { ...access, ...subject }),
  review(authorization, 'LocalSubjectAccessReview', { ...access, ...subject }, true),
  review(authorization, 'SelfSubjectRulesReview', { namespace: str }),
  review(authentication, 'TokenReview', { token: str, audiences: list(str) }),
  builtIn(authentication, 'v1', 'selfsubjectreviews', 'SelfSubjectReview', {
    namespaced: false,
    review: true,
    schema: topLevel({ status: anything }),
  }),
];
