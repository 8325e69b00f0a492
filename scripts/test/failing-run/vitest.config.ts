import config from '../../../vitest.config.ts';

/** The project's own configuration, on one test that fails. */
export default { ...config, test: { ...config.test, include: ['scripts/test/failing-run/*.fixture.ts'] } };
