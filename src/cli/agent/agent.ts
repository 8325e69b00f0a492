/** An agent as the API shows it. */
export interface Agent {
  readonly id: string;
  readonly name: string;
  readonly namespace: string;
  readonly type: string;
  readonly roles: readonly string[];
  readonly responsibleUser: string | null;
  readonly description: string;
  readonly createdAt: string;
  readonly disabledAt: string | null;
}
