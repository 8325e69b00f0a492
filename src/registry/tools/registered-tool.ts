import type { Principal, ToolAuthor, ToolStatus } from '#contract';

export type { ToolAuthor };

/** A tool that a publisher registered, with the document that runs. */
export interface RegisteredTool {
  readonly id: string;
  readonly namespace: string;
  readonly name: string;
  /** Counts its documents. */
  readonly revision: number;
  /** YAML or JSON, as it was given. */
  readonly document: string;
  /** What the document calls its version. */
  readonly version: string | undefined;
  readonly status: ToolStatus;
  readonly replacedBy: string | undefined;
  readonly owner: ToolAuthor;
  /** Counts every change. */
  readonly generation: number;
  readonly createdAt: number;
  readonly changedAt: number;
}

/** One document that a tool had. */
export interface ToolRevision {
  readonly revision: number;
  readonly version: string | undefined;
  readonly document: string;
  readonly author: ToolAuthor;
  readonly reason: string;
  /** The revision whose document it is again. */
  readonly restoredFrom: number | undefined;
  readonly createdAt: number;
}

/** Whoever calls without a name registers nothing. */
export const authorOfTool = ({ kind, iss, sub }: Principal): ToolAuthor => ({
  kind: kind === 'user' ? 'user' : 'agent',
  iss,
  sub,
});

export const isSameAuthor = (left: ToolAuthor, right: ToolAuthor): boolean =>
  left.kind === right.kind && left.iss === right.iss && left.sub === right.sub;

/** What `authorText` wrote; undefined for any other text. */
export function parseAuthor(text: string): ToolAuthor | undefined {
  const [, kind, iss, sub] = /^(user|agent) (\S+) (.+)$/su.exec(text) ?? [];
  return iss === undefined || sub === undefined ? undefined : { kind: kind as ToolAuthor['kind'], iss, sub };
}

/** As one text: `user https://idp.example ann`. */
export const authorText = ({ kind, iss, sub }: ToolAuthor): string => `${kind} ${iss} ${sub}`;
