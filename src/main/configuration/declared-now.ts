import { protectedServerOf, type Configuration, type ProtectedServer } from '#contract';
import type { DeclaredPolicy } from '#policy';
import type { Declared } from './configured.ts';

/** What the documents declare that are in force. */
export class DeclaredNow implements Declared {
  #configuration: Configuration;
  #policies: readonly DeclaredPolicy[];
  #protectedServers: readonly ProtectedServer[];

  constructor(configuration: Configuration, policies: readonly DeclaredPolicy[]) {
    this.#configuration = configuration;
    this.#policies = policies;
    this.#protectedServers = protectedAmong(configuration);
  }

  /** These documents are in force from now on. */
  take(configuration: Configuration, policies: readonly DeclaredPolicy[]): void {
    this.#configuration = configuration;
    this.#protectedServers = protectedAmong(configuration);
    this.#policies = policies;
  }

  /** The same documents, and other tools: what was read of policies goes by those. */
  takePolicies(policies: readonly DeclaredPolicy[]): void {
    this.#policies = policies;
  }

  /** Whether MCP servers are among them, whose tools no file says. */
  get servesOthers(): boolean {
    return this.#configuration.mcpServers.length > 0;
  }

  roleBindings = () => this.#configuration.roleBindings;
  authServices = () => this.#configuration.authServices;
  clients = () => this.#configuration.clients;
  upstreams = () => this.#configuration.upstreams;
  protectedServers = () => this.#protectedServers;
  owners = () => this.#configuration.owners;
  policies = () => this.#policies;
  limits = () => this.#configuration.limits;
}

const protectedAmong = ({ mcpServers }: Configuration): readonly ProtectedServer[] =>
  mcpServers.flatMap((server) => protectedServerOf(server) ?? []);
