/** Recorded steps that the API server for tests does not answer, and why: file, then step and reason. */
export const outOfScope: Readonly<Record<string, readonly (readonly [step: number, reason: string])[]>> = {};
