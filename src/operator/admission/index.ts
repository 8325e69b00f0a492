/**
 * operator/admission: the validating webhook of the five kinds (admission.k8s.io/v1), and the certificate of its own.
 *
 * `review.ts` reads an AdmissionReview; `judge.ts` says what of it: the schemas of the contract again, changes that are not
 * possible, and what crosses objects (`references/`, which the reconciles ask too). `server.ts` is the HTTPS server around
 * it: bounded in bytes and time, and every end that is not an answer is a refusal, since `failurePolicy` is `Fail`.
 * `webhook-certificate.ts` is what its authority and certificate have to be, decided by `certificates/`, and
 * `webhook-configuration.ts` the object by which the API server knows of it.
 *
 * It changes nothing and has no state: dry runs are judged like everything else. Which fault refuses and which
 * one warns: adr/0062.
 */
export { judge, type Verdict } from './judge.ts';
export { readReview, printAnswer, type AdmissionRequest, type Operation } from './review.ts';
export { openAdmissionServer, type AdmissionServer, type AdmissionServerOptions } from './server.ts';
export { bundlesOf, certificateOf, webhookWishes, type WebhookWishes } from './webhook-certificate.ts';
export { webhookConfiguration, withCaBundle, type WebhookPlace } from './webhook-configuration.ts';
