import { defineErrors } from '#kernel';

/** Why the API server did not do what was asked of it, and why we did not ask. */
export const clusterError = defineErrors('operator/cluster', {
  CLUSTER_ACCESS_UNUSABLE: {
    status: 400,
    title: 'what says how to reach the API server cannot be used',
    remedy:
      'See that the kubeconfig names a context with a cluster and a user, and that the files it names are there. Without one, the service account of the pod counts.',
  },
  CLUSTER_UNREACHABLE: {
    status: 503,
    title: 'the API server cannot be reached',
    remedy: 'It is asked again. See that its address is right, and that no network policy is between.',
  },
  CLUSTER_TIMEOUT: {
    status: 504,
    title: 'the API server did not answer in time',
    remedy: 'It is asked again. See how busy the API server is.',
  },
  CLUSTER_UNREADABLE: {
    status: 502,
    title: 'what the API server answered is not what the Kubernetes API answers',
    remedy: 'See what stands between: something may answer in its place.',
  },
  CLUSTER_NOT_FOUND: {
    status: 404,
    title: 'the API server has no such object, or does not know its kind',
    remedy: 'See that the definitions of custom resources are installed, and the namespace is there.',
  },
  CLUSTER_CONFLICT: {
    status: 409,
    title: 'the object has changed, or others own what was to be written',
    remedy:
      'It passes with the next attempt. Where it does not, see who else writes the object (`--show-managed-fields`).',
  },
  CLUSTER_ALREADY_EXISTS: {
    status: 409,
    title: 'an object of that name is there',
    remedy: 'It passes with the next attempt, which sees the object.',
  },
  CLUSTER_UNAUTHORIZED: {
    status: 401,
    title: 'the API server does not know who is asking',
    remedy: 'See that the token or certificate of the operator is valid; of a service account it is read anew.',
  },
  CLUSTER_FORBIDDEN: {
    status: 403,
    title: 'the operator may not do that',
    remedy: 'Give its service account the right that the message names, in a Role or ClusterRole.',
  },
  CLUSTER_GONE: {
    status: 410,
    title: 'the version that was asked for is no longer kept',
    remedy: 'Everything is listed anew, by itself.',
  },
  CLUSTER_INVALID: {
    status: 422,
    title: 'the API server refuses the object as it is',
    remedy: 'The message names the fields. See that operator and definitions are of one version.',
  },
  CLUSTER_BUSY: {
    status: 429,
    title: 'the API server asks to come back later',
    remedy: 'It is asked again after the time that it says.',
  },
  CLUSTER_REFUSED: {
    status: 400,
    title: 'the API server refuses the request',
    remedy: 'See that its version is one that the operator supports.',
  },
  CLUSTER_FAILED: {
    status: 502,
    title: 'the API server failed',
    remedy: 'It is asked again. Its log says why.',
  },
  CLUSTER_KIND_UNKNOWN: {
    status: 500,
    title: 'an object is of a kind that nobody said the path of',
    remedy: 'This is a fault of the operator; please report it.',
  },
  CLUSTER_OBJECT_TAKEN: {
    status: 409,
    title: 'an object of that name is there and belongs to somebody else',
    remedy:
      'Delete or rename that object, or rename ours. What is left of an owner of the same name that was deleted goes by itself.',
  },
  CLUSTER_OWNER_ELSEWHERE: {
    status: 500,
    title: 'an object cannot be owned from another namespace',
    remedy: 'This is a fault of the operator; please report it.',
  },
});
