/**
 * redis: Redis and Valkey as sources, by `ioredis`, standalone or as a cluster.
 *
 * `source.ts` sends commands on one shared connection (`connect.ts`) and asks the server which of them
 * only read (`command-facts.ts`); `redis-tool.ts` puts parameters into commands as whole words and
 * `reply.ts` makes JSON of what comes back.
 */
import type { SourceType } from '../source.ts';
import { redisSchema, valkeySchema, type RedisConfig } from './config.ts';
import { commandTool } from './redis-tool.ts';
import { RedisSource } from './source.ts';

export const redisSourceType: SourceType<RedisConfig> = {
  type: 'redis',
  summary: 'A Redis server or cluster.',
  schema: redisSchema,
  toolTypes: [commandTool('redis')],
  open: (config, context) => new RedisSource('redis', config, context),
};

export const valkeySourceType: SourceType<RedisConfig> = {
  type: 'valkey',
  summary: 'A Valkey server or cluster.',
  schema: valkeySchema,
  toolTypes: [commandTool('valkey')],
  open: (config, context) => new RedisSource('valkey', config, context),
};
