/** A folder of evidence for who was given one: out of its archive, read, and held to its word. */
export { readManifest } from './evidence.ts';
export { unpackEvidence } from './evidence-archive.ts';
export { verifyEvidence } from './verify-evidence.ts';
