/** The identity provider of a company, for as long as a test. */
import { onTestFinished } from 'vitest';
import { openCompanyIdp, type CompanyIdp } from './company-provider.ts';

export type { CompanyAccount, CompanyIdp } from './company-provider.ts';

export async function startCompanyIdp(options: Parameters<typeof openCompanyIdp>[0]): Promise<CompanyIdp> {
  const idp = await openCompanyIdp(options);
  onTestFinished(() => idp.close());
  return idp;
}
