import type { Role } from '#contract';

/** A program that calls: a service, a bot, or what one person runs for themselves (`user`). */
export interface Agent {
  readonly id: string;
  readonly namespace: string;
  /** Unique in its namespace. */
  readonly name: string;
  readonly type: 'user' | 'service' | 'bot';
  /** The person who answers for it. */
  readonly responsibleUser: string | null;
  readonly description: string;
  readonly roles: readonly Role[];
  readonly disabledAt: number | null;
  readonly createdAt: number;
}
